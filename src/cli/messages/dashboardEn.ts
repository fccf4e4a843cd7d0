/** What `dashboard` says in the terminal. */
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
} as const;
