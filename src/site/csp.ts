/**
 * The content security policy for every response of the server that carries the site: all scripts and styles come
 * from files of ours, nothing is inline, and no page may frame the site. (xterm's own styles go through the CSS
 * object model: `lab/terminal/csp-document.ts`.)
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')
