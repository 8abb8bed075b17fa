import type { ReactNode } from "react";

import { AppIcon, type IconName } from "../duplex";

interface EmptyStateProps {
  icon: IconName;
  title: string;
  /** The next step, in a sentence. */
  children: ReactNode;
  action?: ReactNode;
}

export default function EmptyState({ icon, title, children, action }: EmptyStateProps) {
  return (
    <div className="empty">
      <span className="icon-tile">
        <AppIcon name={icon} />
      </span>
      <p className="font-medium">{title}</p>
      <p className="muted max-w-sm text-sm text-pretty">{children}</p>
      {action}
    </div>
  );
}
