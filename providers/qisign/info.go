package qisign

import (
	"time"

	"github.com/chancela/chancela/providers"
	"github.com/chancela/chancela/providers/rest"
)

// maxFile is 10 MB, of a document and of an image (reference §A4). Whether that means
// the file or its base64 is not said: the file is meant here, in the smaller of the
// two megabytes (our choice).
const maxFile = 10_000_000

// linkLife is how long download addresses live (reference §A8). For faces and identity
// images it is not stated; elsewhere in QI Tech theirs live as long (reference §A9).
const linkLife = 24 * time.Hour

// methods are the ways to a signer, for the documents and for the token.
var methods = []string{providers.ChannelEmail, providers.ChannelSMS, providers.ChannelWhatsApp}

// Environments are the two (reference §A2).
var Environments = rest.Environments{
	Sandbox:    "https://api.sandbox.sign.qitech.com.br",
	Production: "https://api.sign.qitech.com.br",
	Hosts:      map[string]bool{".sandbox.sign.qitech.com.br": false, ".sign.qitech.com.br": true},
}

// Info tells what QI Sign can do.
func (p *Provider) Info() providers.Info {
	return providers.Info{
		Name:      Name,
		Simulated: p.client.rest.Simulated(),
		// No limit is documented (reference §A11): a pace that a web service bears (our choice).
		Rate:               providers.Rate{Requests: 10, Per: time.Second, Burst: 10},
		PollEvery:          time.Minute, // polling is possible but discouraged (reference §A7)
		SettleAll:          true,
		Deadlines:          true,
		MaxDocumentSize:    maxFile,
		DocumentTypes:      []string{providers.TypePDF},
		Channels:           methods,
		PhoneAlone:         true,
		Auth:               methods,
		ImageTypes:         []string{providers.TypeJPEG},
		SignatureTypes:     []string{providers.TypeElectronic},
		Artifacts:          []providers.Kind{providers.Dossier, providers.Face, providers.IDFront, providers.IDBack},
		UnsupportedColumns: []string{"message", "order", "stamp", "company", "date", "text", "checkbox"},
		LooksTellLinks:     true,
		AddressLifetime:    linkLife,
	}
}

// Requests counts the requests of one envelope up to its archive: create, documents,
// images, submit, one look, then envelope and report, a dossier for each document, and
// for each signer face and papers, once to list them and once for each file's address.
func (p *Provider) Requests(e providers.Envelope) int {
	n := 5 + 2*len(e.Documents)
	for _, s := range e.Signers {
		n += 2 + 1 + 2*len(images(s))
	}
	return n
}
