// @ts-check
// Entry: registers the elements and opens the mesh. Everything else follows from the store.

import "./components/add-camera.js";
import "./components/age-text.js";
import "./components/app-shell.js";
import "./components/audit-section.js";
import "./components/bottom-bar.js";
import "./components/camera-tile.js";
import "./components/camera-view.js";
import "./components/connection-banner.js";
import "./components/found-cameras.js";
import "./components/found-mesh.js";
import "./components/help-dialog.js";
import "./components/incident-card.js";
import "./components/incident-player.js";
import "./components/incident-strip.js";
import "./components/incidents-view.js";
import "./components/join-cards.js";
import "./components/live-picture.js";
import "./components/live-view.js";
import "./components/page-header.js";
import "./components/player-angle.js";
import "./components/recover-mesh.js";
import "./components/settings-view.js";
import "./components/sign-in.js";
import "./components/stolen-camera.js";
import "./components/system-view.js";
import "./components/time-axis.js";
import "./components/toast-list.js";
import "./components/tokens-section.js";
import "./components/trust-dialog.js";
import "./components/storage-section.js";
import "./components/users-section.js";
import { listenForKeys } from "./keys.js";
import { mesh } from "./mesh.js";

listenForKeys();
void mesh.open();
