//go:build race

package pace

// raced tells that the race detector makes virtual time ten times dearer: of many settings
// that are computed alike, few are tried.
const raced = true
