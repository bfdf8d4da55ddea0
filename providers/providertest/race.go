//go:build race

package providertest

// Raced tells that the race detector makes everything ten times slower: files are then
// smaller, and what only repeats itself is left out.
const Raced = true
