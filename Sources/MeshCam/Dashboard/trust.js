// @ts-check
// The mesh's certificate: what it is, and how each kind of device is told to trust it.

import { getJSON, urlOf } from "./api.js";

/** @typedef {{ name: string, fingerprint: string, expires: string }} Authority */
/** @typedef {{ id: string, name: string, steps: string[] }} Device */

/** @returns {Promise<{ authority?: Authority }>} */
export const meshCertificate = () => getJSON("/ca", { timeoutMs: 5000, quiet401: true });

export const certificateFile = urlOf("/ca.crt");
export const certificateText = urlOf("/ca.pem");

/**
 * As people compare it: pairs of capital digits.
 * @param {string} fingerprint  hexadecimal
 */
export const fingerprintPairs = (fingerprint) => (fingerprint.toUpperCase().match(/../g) ?? []).join(" ");

/** @type {(name: string) => Device[]} */
export const devices = (name) => [
  { id: "ios", name: "iPhone and iPad", steps: [
    "Open this page in Safari, press Download and allow it.",
    "Settings, Profile Downloaded: Install.",
    `Settings, General, About, Certificate Trust Settings: switch on “${name}”.`,
  ] },
  { id: "android", name: "Android", steps: [
    "Press Download.",
    "Settings, Security and privacy, More, Encryption and credentials, Install a certificate, CA certificate. (Some makers name it otherwise: search the settings for “CA certificate”.)",
    "Choose the file from your downloads. Chrome trusts it at once.",
  ] },
  { id: "mac", name: "Mac", steps: [
    "Press Download and open the file: Keychain Access takes it.",
    `In Keychain Access open “${name}”, then Trust, and choose Always Trust.`,
  ] },
  { id: "windows", name: "Windows", steps: [
    "Press Download and open the file: Install Certificate, Current User.",
    "Place it in the store “Trusted Root Certification Authorities”, and confirm.",
  ] },
  { id: "linux", name: "Linux with Chrome or Chromium", steps: [
    "Press Download.",
    "In a terminal, in your downloads: certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n MeshCam -i meshcam-ca.crt",
    "Start the browser again. (certutil is in the package libnss3-tools.)",
  ] },
  { id: "firefox", name: "Firefox, on any computer", steps: [
    "Press Download. Where Firefox asks at once, tick “Trust this CA to identify websites”.",
    "Otherwise: Settings, Privacy and Security, View Certificates, Authorities, Import, and tick the same.",
  ] },
];

/**
 * Which of the devices this most likely is; a guess, so that the right steps are open.
 * @param {string} agent  navigator.userAgent
 * @param {boolean} touch  an iPad says that it is a Mac
 */
export function deviceOf(agent, touch) {
  if (/iPhone|iPad/.test(agent) || (/Macintosh/.test(agent) && touch)) return "ios";
  if (/Android/.test(agent)) return "android";
  if (/Firefox/.test(agent)) return "firefox";
  if (/Macintosh/.test(agent)) return "mac";
  if (/Windows/.test(agent)) return "windows";
  return /Linux|X11/.test(agent) ? "linux" : "";
}
