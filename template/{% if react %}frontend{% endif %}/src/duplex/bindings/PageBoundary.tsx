import { Component, type ReactNode } from "react";

/** Shown when a page's code cannot be loaded or fails: the header and the session stay. */
export default class PageBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  static getDerivedStateFromError(): { failed: boolean } {
    return { failed: true };
  }

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    return (
      <div className="page page-narrow">
        <div role="alert" className="panel empty">
          <h1 className="panel-title">This page could not be loaded</h1>
          <p className="muted">Check your connection and try again.</p>
          <button
            type="button"
            className="btn btn-primary"
            onClick={() => {
              location.reload();
            }}
          >
            Try again
          </button>
        </div>
      </div>
    );
  }
}
