/** The console's chart library, bundled as /chart-library.js next to the sample page. */
import "uplot/dist/uPlot.min.css";
export { default } from "uplot";
