//go:build !race

package providertest

const raced = false
