package api

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"more than %d values in one request: send the campaign in several, under the same name":                                   "mais de %d valores em uma só requisição: envie a campanha em várias, com o mesmo nome",
	"must begin with a letter or digit and have 1 to 100 letters, digits, dots, underscores or hyphens, in at most 255 bytes": "deve começar com letra ou dígito e ter de 1 a 100 letras, dígitos, pontos, sublinhados ou hifens, em no máximo 255 bytes",
	"no row can be taken": "nenhuma linha pode ser aceita",
	"several documents in different folders end in the file name %s: send them with their folders": "vários documentos em pastas diferentes terminam no nome de arquivo %s: envie-os com as pastas",
	"the part file cannot be read to its end: %v":                                                  "a planilha não pode ser lida até o fim: %v",
	"the part file is no spreadsheet that can be read: %v":                                         "o arquivo não é uma planilha que se possa ler: %v",
	"the sheet has no rows": "a planilha não tem linhas",
	"there is no sheet yet": "ainda não há planilha",
	"must be a folder that the parts' file names begin with, such as contracts": "precisa ser uma pasta com que os nomes das partes começam, como contratos",
	"must be a number of envelopes, from 1 to %d":                               "precisa ser um número de envelopes, de 1 a %d",
	"%s is not among the uploaded files: choose it, too":                        "%s não está entre os arquivos enviados: escolha-o também",

	"API key %d is not of the form NAME:KEY or NAME@PREFIX:KEY":                               "a chave de API %d não tem a forma NAME:KEY ou NAME@PREFIX:KEY",
	"the name of API key %d must have 1 to 100 letters, digits, dots, underscores or hyphens": "o nome da chave de API %d deve ter de 1 a 100 letras, dígitos, pontos, sublinhados ou hifens",
	"API key %s ends in :links and :read: want one of them":                                   "a chave de API %s termina em :links e :read: deixe só um",
	"API key %s is empty": "a chave de API %s está vazia",
	"the prefix of API key %s is not the beginning of a campaign's name":  "o prefixo da chave de API %s não é o começo do nome de uma campanha",
	"want pairs of the form NAME=s3://BUCKET/PREFIX, separated by commas": "escreva pares da forma NAME=s3://BUCKET/PREFIX, separados por vírgulas",
	"there is no API key of the name %q":                                  "não há chave de API com o nome %q",
}
