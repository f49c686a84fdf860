// `node --import ./ts_mls_fixes.mjs`: mends, as it is loaded, what ts-mls 1.6.4 has wrong and no caller can mend.
// A text that is no longer there is an error, so that a fix does not outlive its defect unnoticed.
import { register } from "node:module";

register("./ts_mls_load.mjs", import.meta.url);
