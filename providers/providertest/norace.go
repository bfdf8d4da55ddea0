//go:build !race

package providertest

const Raced = false
