import { useEffect, useRef, useState } from "react";
import { useNavigate } from "react-router";

import { auth } from "../../api/auth";
import { deviceList } from "../../auth/account";
import { attempt, currentApp, formatDate, keepingFocus, useReadable } from "../../duplex";
import ConfirmDialog from "../ConfirmDialog";

export default function DevicesPanel() {
  const list = useReadable(deviceList);
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);

  useEffect(() => {
    void deviceList.load();
  }, []);

  const entries = useRef<HTMLUListElement>(null);

  async function signOut(id: string): Promise<void> {
    await keepingFocus(entries.current, () =>
      deviceList.change(() => auth.signOutDevice(id), "Signed out on that device."),
    );
  }

  async function signOutEverywhere(): Promise<void> {
    setAsking(false);
    const worked = await attempt(() => auth.signOutEverywhere(), "Signed out on every device.");
    if (worked) await navigate(currentApp().paths.home);
  }

  return (
    <section className="panel mt-5" aria-labelledby="devices">
      <h2 id="devices" className="panel-title">
        Devices
      </h2>
      {list.problem !== null && (
        <p role="alert" className="field-error mt-3">
          {list.problem}
        </p>
      )}
      <ul ref={entries} className="my-4 divide-y divide-base-300" aria-label="Devices">
        {list.items?.map((device) => (
          <li key={device.id} className="flex flex-wrap items-center gap-3 py-3">
            <div className="min-w-0 flex-1 basis-48">
              <p className="font-medium wrap-anywhere">
                <bdi>{device.browser}</bdi>
              </p>
              <p className="muted text-sm wrap-anywhere">
                <bdi>{device.address}</bdi> · signed in {formatDate(device.signed_in_at)} · last
                used {formatDate(device.last_used_at)}
              </p>
            </div>
            {device.is_this ? (
              <span className="tag tag-primary">This device</span>
            ) : (
              <button
                type="button"
                className="btn btn-quiet btn-sm"
                aria-label={`Sign out: ${device.browser}`}
                onClick={() => {
                  void signOut(device.id);
                }}
              >
                Sign out
              </button>
            )}
          </li>
        ))}
      </ul>
      <button
        type="button"
        className="btn btn-outline btn-error"
        onClick={() => {
          setAsking(true);
        }}
      >
        Sign out everywhere
      </button>
      {asking && (
        <ConfirmDialog
          title="Sign out everywhere?"
          action="Sign out"
          onClose={() => {
            setAsking(false);
          }}
          onConfirm={() => {
            void signOutEverywhere();
          }}
        >
          You will have to sign in again on each of your devices, this one too. Your open sessions
          end.
        </ConfirmDialog>
      )}
    </section>
  );
}
