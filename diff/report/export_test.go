package report

// TerminalLines is the bound that the limits of a terminal report promise.
const TerminalLines = terminalLines
