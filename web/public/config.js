// Where the API is. Empty: the same origin that served this page.
window.LETTERLOCK_CONFIG = { BACKEND_URL: "" };
