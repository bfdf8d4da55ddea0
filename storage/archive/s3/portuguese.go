package s3

import "github.com/chancela/chancela/providers/lang"

func init() { lang.Translate(portuguese) }

var portuguese = map[string]string{
	"the archive's S3 server does not know If-None-Match: create-only is kept by looking before and after each upload, and two writers of one file at the same moment can replace each other's": "o servidor S3 do arquivo não conhece If-None-Match: que nada seja substituído é garantido olhando antes e depois de cada envio, e dois que gravam um arquivo no mesmo instante podem substituir o do outro",
	"uploads to the archive go without x-amz-checksum-sha256 (AWS_REQUEST_CHECKSUM_CALCULATION): what has arrived is judged by its size and ETag":                                               "os envios ao arquivo vão sem x-amz-checksum-sha256 (AWS_REQUEST_CHECKSUM_CALCULATION): o que chegou é conferido pelo tamanho e pelo ETag",
}
