//go:build race

package providertest

// raced tells that the race detector makes everything ten times slower: files are then
// smaller, and what only repeats itself is left out.
const raced = true
