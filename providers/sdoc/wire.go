package sdoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"

	"github.com/chancela/chancela/providers"
)

// envelope is every JSON answer (reference §4). The field that holds an error's code is
// not documented, so it is looked for.
type envelope struct {
	Error  bool
	Code   string
	Result json.RawMessage
	whole  json.RawMessage // of an error
}

func (e *envelope) UnmarshalJSON(b []byte) error {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(b, &fields); err != nil {
		return err
	}
	failed, ok := fields["error"]
	if !ok || !bytes.Equal(failed, []byte("true")) && !bytes.Equal(failed, []byte("false")) {
		return errors.New("no error field")
	}
	*e = envelope{Error: string(failed) == "true", Result: fields["result"]}
	if e.Error {
		e.Code, e.whole = codeIn(fields), bytes.Clone(b)
	}
	return nil
}

// codePattern takes in a whole code: a pattern that ends with four optional characters
// would cut PLATFORM_F52Q in its middle.
var codePattern = regexp.MustCompile(`INTEGRATION_[A-Z]+(?:_[0-9A-Z]+)*`)

// codeIn is the first code in an answer's fields, at any depth: a code needs no escapes,
// so it is looked for in their text. Fields are looked at in the order of their names,
// the result last.
func codeIn(fields map[string]json.RawMessage) string {
	names := slices.DeleteFunc(slices.Sorted(maps.Keys(fields)), func(name string) bool { return name == "result" })
	for _, name := range append(names, "result") {
		if code := codePattern.Find(fields[name]); code != nil {
			return string(code)
		}
	}
	return ""
}

// Codes that the flow decides on (reference §10).
const (
	codeFileNotFound        = "INTEGRATION_FILE_A2FC"
	codeSolicitationDeleted = "INTEGRATION_SOLICITATION_B425"
	codeNotPending          = "INTEGRATION_PARTICIPANT_AEC3"
)

// kinds are all 26 codes (reference §10).
var kinds = map[string]providers.ErrorKind{
	"INTEGRATION_API_OFF": providers.Transient, // maintenance

	"INTEGRATION_ENTERPRISE_5C8C": providers.Denied,
	"INTEGRATION_ENTERPRISE_D0AW": providers.Denied,
	"INTEGRATION_PLATFORM_54F9":   providers.Denied,
	"INTEGRATION_PLATFORM_7F86":   providers.Denied,
	"INTEGRATION_PLATFORM_F52Q":   providers.Denied,
	"INTEGRATION_PLATFORM_W1SY":   providers.Denied,
	"INTEGRATION_PLATFORM_H6D1":   providers.Denied,

	codeFileNotFound:                providers.NotFound,
	"INTEGRATION_FILE_B425":         providers.NotFound, // of a deleted solicitation
	"INTEGRATION_SOLICITATION_8D12": providers.NotFound,
	codeSolicitationDeleted:         providers.NotFound,
	"INTEGRATION_PARTICIPANT_23AA":  providers.NotFound,

	"INTEGRATION_FILE_HW2A":         providers.Invalid,
	"INTEGRATION_FILE_K2Q7":         providers.Invalid,
	"INTEGRATION_SOLICITATION_41A7": providers.Invalid, // no callback anywhere
	"INTEGRATION_SOLICITATION_7D5B": providers.Invalid,
	"INTEGRATION_SOLICITATION_D6F2": providers.Invalid,
	codeNotPending:                  providers.Invalid,
	"INTEGRATION_PARTICIPANT_B12A":  providers.Invalid, // no stamp is placed
	"INTEGRATION_PARTICIPANT_4C3F":  providers.Invalid,
	"INTEGRATION_PARTICIPANT_45D3":  providers.Invalid,
	"INTEGRATION_ORGANIZATION_47C6": providers.Invalid,
	"INTEGRATION_ORGANIZATION_49D0": providers.Invalid,
	"INTEGRATION_ORGANIZATION_A33A": providers.Invalid,
	"INTEGRATION_ORGANIZATION_BB8C": providers.Invalid,
}

// kindOf is what a refusal means. Refusals without a code are those of field
// validation (reference §10), and so is an unknown code (our choice).
func kindOf(code string) providers.ErrorKind {
	if kind, ok := kinds[code]; ok {
		return kind
	}
	return providers.Invalid
}

// Values of signatureType and status (reference §6).
const (
	typeDigital    = 1
	typeElectronic = 2
	typeApprover   = 3
	typeViewer     = 4

	statusSigned   = 2
	statusRejected = 3
	statusApproved = 4
)

// Requests and answers (reference §8).
type (
	uploadRequest struct {
		Base64 string `json:"base64"`
	}
	uploaded struct {
		TempIdentifier string `json:"tempIdentifier"`
	}

	solicitationRequest struct {
		Title        string               `json:"title"`
		Description  string               `json:"description,omitempty"`
		Callback     string               `json:"callback,omitempty"`
		Organization *place               `json:"organization,omitempty"`
		Files        []fileRequest        `json:"files"`
		Participants []participantRequest `json:"participants"`
		Settings     *emailSettings       `json:"Settings,omitempty"` // capital S (reference §12.7)
	}
	place struct {
		Identifier string `json:"identifier"`
		Folder     string `json:"folder,omitempty"`
	}
	fileRequest struct {
		Name           string `json:"name"`
		Type           string `json:"type"`
		TempIdentifier string `json:"tempIdentifier"`
	}
	participantRequest struct {
		Name          string `json:"name"`
		Email         string `json:"email"`
		CPF           string `json:"cpf"`
		SignatureType int    `json:"signatureType"`
	}
	emailSettings struct {
		SendEmail bool `json:"SendEmail"`
	}

	solicitation struct {
		Identifier string `json:"identifier"`
		Files      []struct {
			Identifier string `json:"identifier"`
			Type       string `json:"type"`
		} `json:"files"`
		Participants []participant `json:"participants"`
	}
	participant struct {
		Identifier     string          `json:"identifier"`
		FileIdentifier string          `json:"fileIdentifier"`
		Name           string          `json:"name"`
		Email          string          `json:"email"`
		CPF            string          `json:"cpf"`
		Status         int             `json:"status"`
		SignatureType  int             `json:"signatureType"` // missing from GET /solicitation
		Stamp          json.RawMessage `json:"stamp"`         // of GET /participant, when one is placed
	}

	// stamp is sent with the page as a number, as in the examples, though the table says
	// string (reference §12.4).
	stamp struct {
		Page     int           `json:"page"`
		Size     stampSize     `json:"size"`
		Position stampPosition `json:"position"`
	}
	stampSize struct {
		Width  float64 `json:"width"`
		Height float64 `json:"height"`
	}
	stampPosition struct {
		LLX float64 `json:"llx"`
		LLY float64 `json:"lly"`
		URX float64 `json:"urx"`
		URY float64 `json:"ury"`
	}

	organization struct {
		Identifier string `json:"identifier"`
		Name       string `json:"name"`
	}
	folder struct {
		Identifier string   `json:"identifier"`
		Name       string   `json:"name"`
		SubFolders []folder `json:"subFolders"`
	}
)

// stampOf takes a stamp in points from the lower left corner. Unit and origin are not
// documented; the four names are those of a PDF rectangle (reference §8.8), so they are
// filled as one (our choice).
func stampOf(s providers.Stamp) stamp {
	return stamp{
		Page:     s.Page,
		Size:     stampSize{s.Width, s.Height},
		Position: stampPosition{LLX: s.X, LLY: s.Y, URX: s.X + s.Width, URY: s.Y + s.Height},
	}
}
