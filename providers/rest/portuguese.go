package rest

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"%s, a simulator (nothing is signed)":                                                     "%s, um simulador (nada é assinado)",
	"%s, production (signatures are legally valid)":                                           "%s, production (as assinaturas têm validade jurídica)",
	"%s, sandbox (signatures are not legally valid)":                                          "%s, sandbox (as assinaturas não têm validade jurídica)",
	"%s, sandbox (signatures are not legally valid; %v)":                                      "%s, sandbox (as assinaturas não têm validade jurídica; %v)",
	"%s: the base address cannot be read":                                                     "%s: o endereço de base não pode ser lido",
	"%s has one environment, the real one: set %s=production, or %s to a simulator's address": "%s tem um só ambiente, o real: defina %s=production, ou em %s o endereço de um simulador",
	"%s must be set: the address of %s's production service is not documented":                "%s precisa ser definida: o endereço do serviço de produção de %s não está documentado",
	"%s=%s, and %s is an address of %s: want both in one environment":                         "%s=%s, e %s é um endereço de %s: os dois devem ser do mesmo ambiente",
	"%s=%s, and %s is a key of %s: want both in one environment":                              "%s=%s, e %s é uma chave de %s: as duas devem ser do mesmo ambiente",
}
