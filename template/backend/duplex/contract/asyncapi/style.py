"""The style of the contract's page: small, light and dark, from a phone's width on."""

STYLE = """\
:root {
  color-scheme: light dark;
  --page: #ffffff;
  --raised: #f3f4f6;
  --text: #1f2937;
  --faint: #4b5563;
  --line: #d1d5db;
  --link: #1d4ed8;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15191e;
    --raised: #20262d;
    --text: #e5e7eb;
    --faint: #a8b0bb;
    --line: #3b434d;
    --link: #93b4ff;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
  margin: 0 auto;
  max-width: 76rem;
  padding: 1rem;
  background: var(--page);
  color: var(--text);
  font: 1rem/1.6 system-ui, sans-serif;
  overflow-wrap: anywhere;
}
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { position: static; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0.5rem 0; }
h2 { font-size: 1.375rem; margin: 2rem 0 0.5rem; }
h3 { font-size: 1.125rem; margin: 0 0 0.5rem; }
h4 { font-size: 1rem; margin: 1rem 0 0.25rem; color: var(--faint); }
p { margin: 0.5rem 0; }
code { font-family: ui-monospace, monospace; font-size: 0.9em; }
h3 code { font-size: 1em; }
pre {
  margin: 0.5rem 0;
  padding: 0.75rem;
  border-radius: 0.5rem;
  background: var(--raised);
  overflow-x: auto;
}
article {
  margin: 1rem 0;
  padding: 1rem;
  border: 1px solid var(--line);
  border-radius: 0.75rem;
}
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; text-align: left; }
th, td { padding: 0.375rem 0.5rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { min-width: 5.5rem; font-weight: 600; }
td { min-width: 7rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(13rem, 1fr)); gap: 0.5rem; }
dt { color: var(--faint); font-size: 0.875rem; }
dd { margin: 0; }
nav h2 { margin-top: 0; }
nav h3 { margin: 0.75rem 0 0; font-size: 1rem; }
nav ul { margin: 0; padding: 0; list-style: none; }
nav li { padding: 0.125rem 0; }
@media (min-width: 60rem) {
  .columns { display: grid; grid-template-columns: 15rem minmax(0, 1fr); gap: 2rem; }
  nav { position: sticky; top: 0; max-height: 100vh; overflow-y: auto; align-self: start; }
}
@media (max-width: 59.99rem) {
  nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; }
}
"""
