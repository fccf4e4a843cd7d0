/** What `dashboard` and `swarm trace` say in the terminal. */
export const dashboardEn = {
  "dashboard.description": "the swarm in a browser, live, and its metrics for Prometheus; ends with Ctrl-C",
  "dashboard.port": "port to listen on; 0 takes a free one",
  "dashboard.host": "address to listen on; any other than this opens it to the network",
  "dashboard.noOpen": "open no browser",
  "dashboard.badPort": "a port is a number from 0 to 65535.",
  "dashboard.ready": "Dashboard: {url}",
  "dashboard.metrics": "Metrics:   {url} (the same token, as Authorization: Bearer)",
  "dashboard.opened": "Opened in your browser. Ctrl-C ends it.",
  "dashboard.openIt": "Open the address in a browser on this machine. Ctrl-C ends it.",
  "dashboard.exposed":
    "Warning: {host} can be reached from the network, and the connection is not encrypted: whoever listens reads the token. Prefer an SSH tunnel to 127.0.0.1.",
  "dashboard.badToken": "AEGIS_DASHBOARD_TOKEN must have at least {n} characters of A-Z a-z 0-9 . _ ~ -",
  "dashboard.badToken.next": "make one with `openssl rand -hex 32`, or unset it: then every start makes its own.",
  "dashboard.taken": "Port {port} on {host} is in use.",
  "dashboard.taken.next": "choose another with --port, or leave it out: then a free one is taken.",
  "dashboard.noAddress": "Nobody can listen on {host}:{port} here ({why}).",
  "dashboard.noAddress.next": "choose another with --host and --port; without them it is a free port of 127.0.0.1.",
  "swarm.trace.description": "send the newest swarm's spans to the OTLP endpoint",
  "trace.none": "No OTLP endpoint is set.",
  "trace.none.next": "set OTEL_EXPORTER_OTLP_ENDPOINT, or telemetry.otlp in your own aegis.jsonc.",
  "trace.refused": "Traces are not sent: {host} is not on the list of allowed hosts (security.allowHosts).",
  "trace.refused.next":
    "To allow it, add {host} to security.allowHosts in your own configuration, outside the repository.",
  "trace.failed": "The spans could not be sent to {url}: {why}",
  "trace.failed.next": "look whether an OTLP/HTTP receiver listens there; its usual port is 4318.",
  "trace.sent": "{n} spans of {swarm} sent to {url}.",
} as const;
