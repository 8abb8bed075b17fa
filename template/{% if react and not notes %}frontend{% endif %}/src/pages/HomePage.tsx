import { Link } from "react-router";

import { AppIcon, currentApp } from "../duplex";

export default function HomePage() {
  const { name, description, paths } = currentApp();
  return (
    <div className="page">
      <section className="py-4 sm:py-10">
        <h1 className="text-4xl font-semibold wrap-break-word sm:text-6xl">{name}</h1>
        <p className="muted mt-5 max-w-xl text-lg text-pretty sm:text-xl">{description}</p>
        <Link to={paths.start} className="btn btn-lg mt-8 btn-primary">
          Start a session <AppIcon name="arrowRight" />
        </Link>
      </section>
    </div>
  );
}
