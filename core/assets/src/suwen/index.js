// What every page gets. Each module looks for its data- attributes; none is needed for a page to work.
import * as clock from "./clock.js";
import * as confirm from "./confirm.js";
import * as divisions from "./divisions.js";
import * as questionnaire from "./questionnaire.js";
import * as sequence from "./sequence.js";
import * as submit from "./submit.js";
import * as unsaved from "./unsaved.js";
import * as widgets from "./widgets.js";

for (const module of [confirm, divisions, questionnaire, sequence, submit, widgets, clock, unsaved]) module.start();
