import { useLocation, useNavigate } from "react-router";

import { currentApp, NEXT_STEP_LABELS, type NextStep, reloadPage } from "../../duplex";

interface NextStepButtonProps {
  step: NextStep;
  label?: string | undefined;
  onJoin: () => void;
}

/** The button that leads on after a session has ended. */
export default function NextStepButton({ step, label, onJoin }: NextStepButtonProps) {
  const navigate = useNavigate();
  const { pathname, search } = useLocation();
  const { accounts, paths } = currentApp();

  function go(): void {
    if (step === "join") onJoin();
    else if (step === "reload") reloadPage();
    else if (step === "home") void navigate(paths.home);
    else if (step === "signIn" && accounts !== null) {
      void navigate(accounts.signInPath(pathname + search));
    } else void navigate(paths.start);
  }

  return (
    <button type="button" className="btn btn-primary" onClick={go}>
      {label ?? NEXT_STEP_LABELS[step]}
    </button>
  );
}
