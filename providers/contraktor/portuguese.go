package contraktor

import (
	"github.com/chancela/chancela/providers/lang"
)

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"%q is not a number of days from 0":                                                    "%q não é um número de dias a partir de 0",
	"contraktor has one type of signature per contract: make all signers digital, or none": "contraktor tem um só tipo de assinatura por contrato: ponha digital para todos os signatários, ou para nenhum",
	"contraktor takes 1 document per contract, got %d; contraktor.attachments=true merges the others into it by calls that are not in its official documentation": "contraktor aceita 1 documento por contrato, e há %d; contraktor.attachments=true junta os demais a ele, por chamadas que não estão na documentação oficial",
	"contraktor's signers are people with a CPF; name the company that they represent in contraktor.company_name and contraktor.company_document":                 "os signatários da contraktor são pessoas com CPF; indique a empresa que representam em contraktor.company_name e contraktor.company_document",
	"contraktor's signers sign all at once or one after another: give every signer an order of its own, or none":                                                  "os signatários da contraktor assinam todos ao mesmo tempo ou um após o outro: dê a cada um a sua ordem, ou a nenhum",
	"contraktor's workflow ids are numbers":                                   "os ids de fluxos da contraktor são números",
	"contraktor.company_name and contraktor.company_document belong together": "contraktor.company_name e contraktor.company_document vão juntos",
	"give contraktor.workflow_id or contraktor.workflow, not both":            "indique contraktor.workflow_id ou contraktor.workflow, não os dois",
	"is before contraktor.begin_date":                                         "é anterior a contraktor.begin_date",
	"is not a date such as 2026-12-31 or 31/12/2026: %v":                      "não é uma data como 31/12/2026 ou 2026-12-31: %v",
	"is the same person as signer%d, who would be invited twice":              "é a mesma pessoa que signer%d, que seria convidada duas vezes",
	"must be a CNPJ":     "deve ser um CNPJ",
	"must be a CNPJ: %v": "deve ser um CNPJ: %v",
	"warns before the contract's end: give contraktor.end_date, too": "avisa antes do fim do contrato: indique também contraktor.end_date",

	"contraktor's template ids are numbers; by its title a template is given as name:TITLE": "os ids de modelos da contraktor são números; pelo título, um modelo se indica como name:TÍTULO",

	"id of the workflow (group) that owns the contract":                                  "id do workflow (grupo) a que o contrato pertence",
	"name of the workflow, when its id is not at hand":                                   "nome do workflow, se o id não estiver à mão",
	"corporate name of the company that the signers without a signerN.company represent": "razão social da empresa que os signatários sem signerN.company representam",
	"CNPJ of that company": "CNPJ dessa empresa",
	"true: further documents become attachments that are merged into the signed file (not in the official documentation)": "true: os demais documentos viram anexos que são unidos ao arquivo assinado (fora da documentação oficial)",
	"false: make the people and companies anew instead of looking for them first":                                         "false: cria as pessoas e empresas de novo, em vez de procurá-las antes",
	"the contract's tags, separated by commas":                                                                            "as etiquetas do contrato, separadas por vírgulas",
	"first day of the contract, such as 2026-12-31":                                                                       "primeiro dia do contrato, como 2026-12-31",
	"last day of the contract":                                                                                            "último dia do contrato",
	"days of warning before the contract's last day; the service's own default is 60":                                     "dias de aviso antes do último dia do contrato; o padrão do serviço é 60",
}
