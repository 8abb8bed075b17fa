import { Fragment, useState } from "react";

import TextField from "../components/TextField";
import {
  AppIcon,
  connectionDetails,
  currentApp,
  displayName,
  inspectorSwitch,
  NAME_LENGTH,
  theme,
  THEME_CHOICES,
  toasts,
  useReadable,
  useSession,
} from "../duplex";

export default function SettingsPage() {
  const { name, description, accounts } = currentApp();
  return (
    <div className="page max-w-3xl">
      <h1 className="page-title">Settings</h1>
      <ThemeChoices />
      {accounts === null && <NameForm />}
      <ConnectionDetails />
      <InspectorChoice />
      <section className="panel mt-5" aria-labelledby="about">
        <h2 id="about" className="panel-title">
          About {name}
        </h2>
        <p className="muted mt-2 text-pretty">{description}</p>
      </section>
    </div>
  );
}

function ThemeChoices() {
  const current = useReadable(theme);
  return (
    <section className="panel mt-8" aria-labelledby="theme">
      <h2 id="theme" className="panel-title">
        Theme
      </h2>
      <div role="radiogroup" aria-labelledby="theme" className="mt-4 grid gap-3 sm:grid-cols-3">
        {THEME_CHOICES.map(({ value, label }) => (
          <label key={value} className="choice">
            <input
              type="radio"
              name="theme"
              className="radio radio-sm radio-primary"
              value={value}
              checked={current.choice === value}
              onChange={() => {
                theme.choose(value);
              }}
            />
            {label}
          </label>
        ))}
      </div>
    </section>
  );
}

function NameForm() {
  const [name, setName] = useState(displayName.getSnapshot());

  function save(): void {
    displayName.set(name);
    setName(displayName.getSnapshot());
    toasts.show("success", "Name saved. The next session uses it.");
  }

  return (
    <section className="panel mt-5" aria-labelledby="name">
      <h2 id="name" className="panel-title">
        Your display name
      </h2>
      <form
        className="mt-4 flex flex-wrap items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          save();
        }}
      >
        <div className="min-w-0 flex-1 basis-56">
          <TextField
            label="Display name"
            value={name}
            onChange={setName}
            autoComplete="nickname"
            maxLength={NAME_LENGTH}
          />
        </div>
        <button type="submit" className="btn btn-quiet">
          <AppIcon name="check" /> Save name
        </button>
      </form>
      <p className="field-hint mt-3">
        Stored on this device and shown to the other participants of a session.
      </p>
    </section>
  );
}

function ConnectionDetails() {
  const { state } = useSession();
  const server = currentApp().api.wsurl();
  return (
    <section className="panel mt-5" aria-labelledby="connection">
      <h2 id="connection" className="panel-title">
        Connection
      </h2>
      <dl className="mt-4 grid gap-x-8 gap-y-3 sm:grid-cols-[auto_minmax(0,1fr)]">
        {connectionDetails(state, server).map(({ term, text }) => (
          <Fragment key={term}>
            <dt className="muted">{term}</dt>
            <dd className="wrap-anywhere">{text}</dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}

function InspectorChoice() {
  const inspected = useReadable(inspectorSwitch);
  return (
    <section className="panel mt-5" aria-labelledby="inspector">
      <h2 id="inspector" className="panel-title">
        Inspector
      </h2>
      <label className="mt-4 flex items-center gap-3">
        <input
          type="checkbox"
          className="toggle toggle-primary"
          checked={inspected}
          onChange={() => {
            inspectorSwitch.turn(!inspected);
          }}
        />
        Show the inspector on this device
      </label>
      <p className="field-hint mt-3">
        For developers: shows every message between this page and the server.
      </p>
    </section>
  );
}
