import { Link } from "react-router";

import { AppIcon, currentApp } from "../duplex";
import { preview, steps } from "../notes";

/** YOURS: the home page. The texts of its cards and its preview are in `notes.ts`. */
export default function HomePage() {
  const { name, description, paths } = currentApp();
  return (
    <div className="page">
      <section className="grid grid-cols-1 items-center gap-12 py-4 sm:py-10 lg:grid-cols-[1.1fr_1fr] lg:gap-16">
        <div className="min-w-0">
          <h1 className="text-4xl font-semibold wrap-break-word sm:text-6xl">{name}</h1>
          <p className="muted mt-5 max-w-xl text-lg text-pretty sm:text-xl">{description}</p>
          <div className="mt-8 flex flex-wrap gap-3">
            <Link to={paths.start} className="btn btn-lg btn-primary">
              Start a session <AppIcon name="arrowRight" />
            </Link>
            <Link to="/saved" className="btn btn-lg btn-quiet">
              Saved sessions
            </Link>
          </div>
        </div>
        <Preview />
      </section>

      <section aria-labelledby="next" className="mt-10 sm:mt-14">
        <h2 id="next" className="sr-only">
          What to do next
        </h2>
        <ul className="grid gap-4 md:grid-cols-3 md:gap-5">
          {steps().map(({ icon, title, text }) => (
            <li key={title} className="panel flex flex-col gap-4">
              <span className="icon-tile">
                <AppIcon name={icon} />
              </span>
              <div>
                <h3 className="panel-title">{title}</h3>
                <p className="muted mt-1.5 text-pretty">{text}</p>
              </div>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}

function Preview() {
  return (
    <div className="preview" aria-hidden="true">
      {preview().map(({ own, label, text }) => (
        <div key={text} className={`preview-line ${own ? "preview-own" : "preview-other"}`}>
          <span className="preview-mark">
            <AppIcon name={own ? "sent" : "received"} />
          </span>
          <span className="min-w-0">
            <span className="block truncate text-sm font-medium">{label}</span>
            <span className="muted block truncate text-sm">{text}</span>
          </span>
        </div>
      ))}
    </div>
  );
}
