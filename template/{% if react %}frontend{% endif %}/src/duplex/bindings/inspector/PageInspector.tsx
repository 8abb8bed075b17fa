import { lazy, Suspense } from "react";

import { inspectorSwitch } from "../../inspector/switch";
import { useReadable } from "../hooks";

const InspectorDrawer = lazy(() => import("./InspectorDrawer"));

/** The inspector, where it is switched on. Its code is loaded only there. */
export default function PageInspector() {
  const on = useReadable(inspectorSwitch);
  if (!on) return null;
  return (
    <Suspense>
      <InspectorDrawer />
    </Suspense>
  );
}
