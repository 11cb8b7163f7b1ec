package correlate

// maxDecoded is twice the longest body that a recorder keeps by default. What
// decodes to more is not looked into.
const maxDecoded = 16 << 20

// maxKept is the largest decoded body whose memory a walker keeps for the next.
const maxKept = 1 << 20
