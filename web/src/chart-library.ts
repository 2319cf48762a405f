/** What draws the console's lines; bundled for it as /chart-library.js, beside the sample page. */
import "uplot/dist/uPlot.min.css";
export { default } from "uplot";
