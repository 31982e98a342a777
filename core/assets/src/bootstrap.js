// Only what pages use. Menus are <details>, so neither Dropdown nor Popper is needed.
import Alert from "bootstrap/js/dist/alert.js";
import Collapse from "bootstrap/js/dist/collapse.js";
import Modal from "bootstrap/js/dist/modal.js";
import Offcanvas from "bootstrap/js/dist/offcanvas.js";
import Tab from "bootstrap/js/dist/tab.js";

window.bootstrap = { Alert, Collapse, Modal, Offcanvas, Tab };
