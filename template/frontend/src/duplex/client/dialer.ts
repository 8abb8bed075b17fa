import { Connection } from "./connection";
import { CLOSE, LOST } from "./protocol.generated";
import { type ErrorFrame, SessionError, type TokenProvider } from "./types";
import { Backoff, CLIENT_CLOSE, isSharedLoss, RESTART_WINDOW, verdict } from "./wire";

export interface DialerEvents {
  /** A connection is open: send the hello. */
  opened(token: string | null): void;
  received(text: string): void;
  /** The connection has ended. Returns whether to reconnect after this close code. */
  closed(code: number): boolean;
  /** The next attempt is planned. */
  waiting(reason: string): void;
  /** There will be no other connection; `code` is the final close code. */
  over(error: SessionError, code: number): void;
}

/** Keeps one connection open: decides when to connect, with which token, and when to stop. */
export class Dialer {
  readonly #url: string;
  readonly #token: TokenProvider;
  readonly #events: DialerEvents;
  readonly #backoff = new Backoff();
  #connection: Connection | null = null;
  /** Counts attempts, so that a late token does not restart an older one. */
  #attempt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;
  /** The page is suspended: there is no connection, and none is opened. */
  #paused = false;
  /** After the server refused the token, one attempt is made with a newer one. */
  #renewal: "none" | "wanted" | "tried" = "none";
  /** The server's error instead of `initialised`. */
  #refusal: ErrorFrame | null = null;
  /** The server announced that it shuts down and will close this connection in its turn. */
  #draining = false;

  constructor(url: string, token: TokenProvider, events: DialerEvents) {
    this.#url = url;
    this.#token = token;
    this.#events = events;
  }

  get connection(): Connection | null {
    return this.#connection;
  }

  get paused(): boolean {
    return this.#paused;
  }

  start(): void {
    void this.#dial();
  }

  /** A newer token for the current connection; null without one, or when the connection has ended. */
  async renewedToken(): Promise<string | null> {
    const connection = this.#connection;
    const token = await this.#token({ refresh: true }).catch(() => null);
    return connection === this.#connection ? token : null;
  }

  /** Starts the planned attempt at once, if one is planned. */
  hasten(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    void this.#dial();
  }

  /** The session on the present connection is initialised. */
  succeeded(): void {
    this.#connection?.ready();
    this.#backoff.opened();
    this.#renewal = "none";
  }

  /** The server sent the reason why it does not initialise the session, or ends it; it closes next. */
  refused(frame: ErrorFrame): void {
    this.#refusal = frame;
  }

  /** The server announced that it shuts down. */
  draining(): void {
    this.#draining = true;
  }

  /** Drops the present connection for a new one. `reason` is a sentence for the user. */
  redial(reason: string): void {
    this.#connection?.drop(CLIENT_CLOSE.resume, reason);
  }

  /** Drops the connection with this code and makes no other one until `wake`. */
  pause(code: number): void {
    this.#paused = true;
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#connection?.drop(code, "");
  }

  /** Connects again; does nothing unless it is paused. */
  wake(): void {
    if (!this.#paused) return;
    this.#paused = false;
    void this.#dial();
  }

  stop(): void {
    this.#stopped = true;
    this.#paused = false;
    this.#attempt += 1;
    clearTimeout(this.#timer);
    this.#connection?.drop(CLIENT_CLOSE.ended, "");
  }

  async #dial(): Promise<void> {
    this.#attempt += 1;
    const attempt = this.#attempt;
    let token: string | null;
    try {
      token = await this.#token({ refresh: this.#renewal === "wanted" });
    } catch {
      if (attempt === this.#attempt) this.#retry("The server cannot be reached.");
      return;
    }
    if (attempt !== this.#attempt) return;
    if (this.#renewal === "wanted") {
      this.#renewal = "tried";
      if (token === null) {
        this.#events.over(
          new SessionError("not_signed_in", verdict(CLOSE.notSignedIn).reason),
          CLOSE.notSignedIn,
        );
        return;
      }
    }
    try {
      this.#connection = new Connection(this.#url, {
        opened: () => {
          this.#events.opened(token);
        },
        received: (text) => {
          this.#events.received(text);
        },
        closed: (code, reason) => {
          this.#closed(code, reason, token);
        },
      });
    } catch {
      // A malformed address, or one that the page's policy forbids: retrying cannot help.
      const words = `This browser refuses to connect to ${this.#url}.`;
      this.#events.over(new SessionError("ended", words), LOST);
    }
  }

  #closed(code: number, reason: string, token: string | null): void {
    this.#connection = null;
    const [refusal, draining] = [this.#refusal, this.#draining];
    this.#refusal = null;
    this.#draining = false;
    const goesOn = this.#events.closed(code);
    if (this.#stopped || this.#paused) return;
    if (code === CLOSE.notSignedIn && token !== null && this.#renewal === "none") {
      this.#renewal = "wanted";
      this.#retry("Signing in again.");
      return;
    }
    const { final, reason: words } = verdict(code);
    if (final || !goesOn) {
      const errorCode = code === CLOSE.notSignedIn ? "not_signed_in" : (refusal?.code ?? "ended");
      this.#events.over(new SessionError(errorCode, refusal?.error ?? words), code);
      return;
    }
    if (isSharedLoss(code, draining)) this.#backoff.spread(RESTART_WINDOW);
    const own = code === CLIENT_CLOSE.resume && reason !== "" ? reason : null;
    this.#retry(own ?? refusal?.error ?? words);
  }

  #retry(reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#dial();
    }, this.#backoff.next());
    this.#events.waiting(reason);
  }
}
