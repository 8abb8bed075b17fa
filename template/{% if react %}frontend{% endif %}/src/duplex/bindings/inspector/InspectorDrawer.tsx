import { useEffect, useRef } from "react";

import { composer, inspector, type InspectorTab } from "../../inspector/inspector";
import { useReadable } from "../session";
import ContractForm from "./ContractForm";
import FramesPane from "./FramesPane";
import AppIcon from "../AppIcon";

const TABS: readonly { name: InspectorTab; label: string }[] = [
  { name: "frames", label: "Frames" },
  { name: "send", label: "Send" },
];

/** The button that opens the inspector, and its drawer. */
export default function InspectorDrawer() {
  const { open, tab: current } = useReadable(inspector);
  const drawer = useRef<HTMLElement>(null);
  const launcher = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(open);

  useEffect(() => {
    if (wasOpen.current === open) return;
    wasOpen.current = open;
    (open ? drawer.current : launcher.current)?.focus();
  }, [open]);

  return (
    <>
      <button
        ref={launcher}
        type="button"
        className="btn inspector-launcher btn-quiet btn-sm"
        aria-expanded={open}
        onClick={() => {
          inspector.show(!open);
        }}
      >
        <AppIcon name="bug" /> Inspector
      </button>
      {open && (
        <section
          ref={drawer}
          className="inspector-drawer"
          aria-labelledby="inspector-title"
          tabIndex={-1}
          onKeyDown={({ key }) => {
            if (key === "Escape") inspector.show(false);
          }}
        >
          <div className="inspector-bar">
            <h2 id="inspector-title" className="panel-title mr-auto">
              Inspector
            </h2>
            <div role="group" aria-label="View" className="join">
              {TABS.map(({ name, label }) => (
                <button
                  key={name}
                  type="button"
                  className={`btn join-item btn-sm ${current === name ? "btn-primary" : ""}`}
                  aria-pressed={current === name}
                  onClick={() => {
                    inspector.choose(name);
                  }}
                >
                  {label}
                </button>
              ))}
            </div>
            <button
              type="button"
              className="btn btn-square btn-ghost btn-sm"
              aria-label="Close inspector"
              onClick={() => {
                inspector.show(false);
              }}
            >
              <AppIcon name="close" />
            </button>
          </div>
          {current === "frames" ? (
            <FramesPane />
          ) : (
            <div className="inspector-body">
              <ContractForm composer={composer} />
            </div>
          )}
        </section>
      )}
    </>
  );
}
