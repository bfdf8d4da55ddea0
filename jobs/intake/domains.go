package intake

import (
	"strings"

	"github.com/chancela/chancela/providers/lang"
)

// noDomain are endings that look like .com and that no domain has.
var noDomain = []string{"con", "cmo", "ocm", "comm", "vom", "xom", "cpm", "coml"}

// nearDomains are domains that people write for those of the large mail services. None of them is a mail
// service of its own; the list is short so that nobody is asked about an address that is right.
var nearDomains = map[string]string{
	"gmail.com.br": "gmail.com", "gmail.co": "gmail.com", "gmail.cm": "gmail.com", "gmail.om": "gmail.com", "gmai.com": "gmail.com", "gmial.com": "gmail.com",
	"gamil.com": "gmail.com", "gnail.com": "gmail.com", "gmaill.com": "gmail.com", "gmil.com": "gmail.com", "gemail.com": "gmail.com", "g-mail.com": "gmail.com",
	"hotmial.com": "hotmail.com", "hotmai.com": "hotmail.com", "hotmal.com": "hotmail.com", "hormail.com": "hotmail.com", "homail.com": "hotmail.com",
	"hotmaill.com": "hotmail.com", "hotamil.com": "hotmail.com", "hotmil.com": "hotmail.com", "rotmail.com": "hotmail.com",
	"outlok.com": "outlook.com", "outllook.com": "outlook.com", "outloock.com": "outlook.com", "outlock.com": "outlook.com", "oulook.com": "outlook.com",
	"yaho.com.br": "yahoo.com.br", "yahooo.com": "yahoo.com", "yhaoo.com": "yahoo.com", "yahho.com": "yahoo.com", "iclod.com": "icloud.com", "icloud.com.br": "icloud.com",
}

// DoubtfulEmail says why an address is probably misspelt although it could be one; empty where nothing
// says so.
func DoubtfulEmail(address string) lang.Text {
	_, domain, ok := strings.Cut(strings.ToLower(address), "@")
	if !ok {
		return lang.Text{}
	}
	if meant := nearDomains[domain]; meant != "" {
		return lang.Of("%s is no mail service: is %s meant?", domain, meant)
	}
	last := domain[strings.LastIndexByte(domain, '.')+1:]
	for _, ending := range noDomain {
		if last == ending {
			return lang.Of("no domain ends in .%s: is .com meant?", last)
		}
	}
	return lang.Text{}
}
