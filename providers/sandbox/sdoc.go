package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/chancela/chancela/providers"
)

// sdoc simulates sDoc's integration API (sdoc.md). Every handled outcome is HTTP 200;
// the name of the error code's field is nowhere documented (§4) and stands in
// [Choices.SDocCodeField].
type sdoc struct {
	*Service
	temporary    map[string]sdocTemporary
	files        map[string]*sdocFile
	participants map[string]*sdocParticipant
	deleted      map[string]bool // solicitations and files
	used         map[string]bool // temporary files that a solicitation has taken
}

// NewSDoc is the simulator of sDoc.
func NewSDoc(sb *Sandbox, name string) *Service {
	d := &sdoc{
		Service: newService(sb, name, "/api/integration/v1"), temporary: make(map[string]sdocTemporary), files: make(map[string]*sdocFile),
		participants: make(map[string]*sdocParticipant), deleted: make(map[string]bool), used: make(map[string]bool),
	}
	d.authenticate, d.failure, d.env = d.auth, d.fail, d.environment
	d.handle("POST /file", d.postFile)
	d.handle("GET /file", d.getFile)
	d.handle("POST /solicitation", d.postSolicitation)
	d.handle("PUT /solicitation", d.putSolicitation)
	d.handle("GET /solicitation", d.getSolicitation)
	d.handle("DELETE /solicitation", d.deleteSolicitation)
	d.handle("GET /participant", d.getParticipant)
	d.handle("POST /participant/{id}/stamp", d.postStamp)
	d.handle("DELETE /participant/{id}/stamp", d.deleteStamp)
	d.handle("GET /organizations", d.listOrganizations)
	d.handle("GET /organization/{id}/folders", d.listFolders)
	// Where callbacks go when nobody else wants them: the platform always has one
	// registered, unless Choices.SDocUnregistered.
	d.open("POST /registered-callback", func(*http.Request) *reply { return noContent() })
	return d.Service
}

func (d *sdoc) environment() map[string]string {
	env := map[string]string{
		d.variable("BASE_URL"): d.url(d.prefix), d.variable("API_KEY"): d.key(), d.variable("WEBHOOK_SECRET"): d.secretKey(),
	}
	if url := d.sb.o.Webhooks[d.name]; url != "" {
		env[d.variable("WEBHOOK_URL")] = url
	}
	return env
}

func (d *sdoc) key() string { return d.secret("token") }

// secretKey has the 130 characters of §5.
func (d *sdoc) secretKey() string {
	return strings.ToUpper(d.secret("callback 1") + d.secret("callback 2") + d.secret("callback 3"))[:130]
}

// registered is the platform's own callback address.
func (d *sdoc) registered() string {
	switch {
	case d.sb.o.Webhooks[d.name] != "":
		return d.sb.o.Webhooks[d.name]
	case d.sb.o.Choices.SDocUnregistered:
		return ""
	}
	return d.url("/registered-callback")
}

// auth: whether the token takes a scheme is not documented (§3): both forms pass.
func (d *sdoc) auth(r *http.Request) *reply {
	token, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if form := d.sb.o.Differences.SDocHeader; form != "" && bearer != (form == "Bearer") {
		token = "in another form"
	}
	switch token {
	case d.key():
		return nil
	case "":
		return d.refuse(r, "INTEGRATION_PLATFORM_F52Q", "the token was not sent", "sdoc §3")
	}
	return d.refuse(r, "INTEGRATION_PLATFORM_W1SY", "the token is invalid", "sdoc §3")
}

// fail answers what the API itself does not handle with another status than 200 (§4).
// There is no 429 in it: being switched off for maintenance is the closest.
func (d *sdoc) fail(status int, code, text string) *reply {
	if status == http.StatusTooManyRequests {
		return d.coded("INTEGRATION_API_OFF", "A API de Integracao esta inoperante no momento.")
	}
	return &reply{status: status, json: map[string]any{"error": true, "message": text}}
}

// coded is a handled error; some have no code.
func (d *sdoc) coded(code, message string) *reply {
	body := map[string]any{"error": true, "message": message}
	if code != "" && !d.sb.o.Differences.SDocNoCode {
		field := d.sb.o.Choices.SDocCodeField
		if field == "" {
			field = "code"
		}
		body[field] = code
	}
	if status := d.sb.o.Differences.SDocErrorStatus; status != 0 {
		return &reply{status: status, json: body}
	}
	return ok(body)
}

// refuse answers a request that contradicts the reference. The caller does not hold
// the lock.
func (d *sdoc) refuse(r *http.Request, code, rule, reference string) *reply {
	d.violate(visitOf(r).route, r.URL.Query().Get("identifier"), rule, reference)
	return d.coded(code, rule)
}

func (d *sdoc) body(r *http.Request, v any, field, reference string) (up upload, present bool, no *reply) {
	if !isJSON(r) {
		return up, false, d.refuse(r, "", "the Content-Type is not application/json", reference)
	}
	var body []byte
	var err, fileErr error
	if field == "" {
		body, err = readBody(r)
	} else {
		body, up, present, fileErr, err = readWithFile(r.Body, field)
	}
	if err == nil {
		err = d.decode(r, body, v, reference)
	}
	switch {
	case err != nil:
		return up, present, d.refuse(r, "", "the body is not the JSON expected: "+err.Error(), reference)
	case fileErr != nil:
		return up, present, d.refuse(r, "", field+" is not base64", reference)
	}
	return up, present, nil
}

// sized checks a text's length in characters (§5).
func sized(v *verdict, name, text string, least, most int) {
	n := utf8.RuneCountInString(text)
	v.must(n >= least && n <= most, "%s has %d to %d characters", name, least, most)
}

// newIdentifier gives n capital characters that no participant has.
func (d *sdoc) newIdentifier(n int) string {
	for {
		id := strings.ToUpper(d.newHex(n))
		if _, taken := d.participants[id]; !taken {
			return id
		}
	}
}

// Files (8.1, 8.2).

type sdocFile struct {
	upload
	id           string
	solicitation *sdocSolicitation
}

// sdocTemporary is a file that no solicitation has yet (8.1).
type sdocTemporary struct {
	upload
	at time.Time
}

// unused finds a temporary file. How long one lives is not documented.
func (d *sdoc) unused(id string) (up upload, found bool) {
	t, found := d.temporary[id]
	if life := d.sb.o.Differences.SDocForgets; life > 0 && d.sb.now().Sub(t.at) >= life {
		return up, false
	}
	return t.upload, found
}

const sdocMaxFile = 10 << 20 // counted on the decoded file: which one is not said (§5)

func (d *sdoc) postFile(r *http.Request) *reply {
	var in struct {
		Base64 string `json:"base64"`
	}
	up, present, no := d.body(r, &in, "base64", "sdoc 8.1")
	switch {
	case no != nil:
		return no
	case !present || up.size == 0:
		return d.refuse(r, "", "base64 is required", "sdoc 8.1")
	case up.size > sdocMaxFile:
		return d.refuse(r, "", "a file has at most 10 MB", "sdoc §5")
	}
	up.head = nil
	d.mu.Lock()
	defer d.mu.Unlock()
	temp := d.newIdentifier(20)
	d.temporary[temp] = sdocTemporary{up, d.sb.now()}
	return ok(map[string]any{"error": false, "result": map[string]string{"tempIdentifier": temp}})
}

func (d *sdoc) getFile(r *http.Request) *reply {
	id := r.URL.Query().Get("identifier")
	d.mu.Lock()
	f, found := d.files[id]
	gone := d.deleted[id]
	d.mu.Unlock()
	switch {
	case gone:
		return d.coded("INTEGRATION_FILE_B425", "O arquivo pertence a uma solicitacao que foi excluida do sistema.")
	case !found:
		return d.refuse(r, "INTEGRATION_FILE_A2FC", "no file with that identifier", "sdoc 8.2")
	}
	d.mu.Lock()
	content := f.content()
	d.mu.Unlock()
	answer := ok(map[string]any{"error": false, "result": map[string]string{
		"identifier": f.id, "name": f.name, "type": f.mimeType, "base64": base64.StdEncoding.EncodeToString(content),
	}})
	answer.download = true
	return answer
}

// content is the file with the signatures that it has now (8.2). Uploads are not kept,
// so the page of signatures stands for the whole.
func (f *sdocFile) content() []byte {
	return f.solicitation.certificate("Document with its signatures", []upload{f.upload})
}

// Accounts (8.10, 8.11): one, with two folders.

const (
	sdocOrganization = "ORG00000000000000001"
	sdocFolder       = "FLD0000001"
	sdocSubFolder    = "FLD0000002"
)

func (d *sdoc) listOrganizations(*http.Request) *reply {
	return ok(map[string]any{"error": false, "result": []any{map[string]any{
		"identifier": sdocOrganization, "name": "Sandbox", "description": "", "folders": 2, "users": 1,
	}}})
}

func (d *sdoc) listFolders(r *http.Request) *reply {
	if r.PathValue("id") != sdocOrganization {
		return d.refuse(r, "INTEGRATION_ORGANIZATION_BB8C", "no account with that identifier", "sdoc 8.11")
	}
	folder := func(id, name string, sub ...any) any {
		return map[string]any{"identifier": id, "name": name, "description": "", "subFolders": append([]any{}, sub...)}
	}
	return ok(map[string]any{"error": false, "result": []any{folder(sdocFolder, "Contratos", folder(sdocSubFolder, "2026"))}})
}

// place checks the account and folder of a solicitation.
func (d *sdoc) place(r *http.Request, o *sdocPlace, folderRequired bool) *reply {
	switch {
	case o == nil:
		return nil
	case o.Identifier != sdocOrganization:
		return d.refuse(r, "INTEGRATION_ORGANIZATION_BB8C", "no account with that identifier", "sdoc 8.3")
	case o.Folder == "" && folderRequired:
		return d.refuse(r, "", "organization.folder is required with organization.identifier", "sdoc 8.4")
	case o.Folder != "" && o.Folder != sdocFolder && o.Folder != sdocSubFolder:
		return d.refuse(r, "INTEGRATION_ORGANIZATION_49D0", "no folder with that identifier", "sdoc 8.3")
	}
	return nil
}

// Participants (8.7 to 8.9).

// sdocParticipant ties a person to one file (8.3).
type sdocParticipant struct {
	id           string
	person       *person
	file         *sdocFile
	solicitation *sdocSolicitation
	in           sdocParticipantInput
	stamp        *sdocStamp
}

type sdocStamp struct {
	Page     json.RawMessage     `json:"page"`
	Size     *map[string]float64 `json:"size,omitempty"`
	Position *map[string]float64 `json:"position,omitempty"`
}

// status is the enum of §6. What a viewer's status becomes is not documented: it stays.
func (p *sdocParticipant) status() int {
	switch p.person.state {
	case personSigned:
		return 2
	case personDeclined:
		return 3
	case personApproved:
		return 4
	}
	return 1
}

func (p *sdocParticipant) json() map[string]any {
	return map[string]any{"identifier": p.id, "fileIdentifier": p.file.id, "name": p.in.Name, "email": p.in.Email, "cpf": p.in.CPF, "status": p.status()}
}

// participant finds one. The caller holds the lock.
func (d *sdoc) participant(r *http.Request, id string) (*sdocParticipant, *reply) {
	p, found := d.participants[id]
	switch {
	case !found:
		d.violateLocked(visitOf(r).route, "", "no participant with that identifier", "sdoc 8.7")
		return nil, d.coded("INTEGRATION_PARTICIPANT_23AA", "Participante nao encontrado.")
	case d.deleted[p.solicitation.id]: // which code is not documented
		return nil, d.coded("INTEGRATION_PARTICIPANT_45D3", "Esse participante nao pertence a nenhuma solicitacao.")
	}
	return p, nil
}

func (d *sdoc) getParticipant(r *http.Request) *reply {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, no := d.participant(r, r.URL.Query().Get("identifier"))
	if no != nil {
		return no
	}
	result := p.json()
	delete(result, "fileIdentifier")
	result["signatureType"] = p.in.SignatureType
	if p.stamp != nil {
		result["stamp"] = p.stamp
	}
	return ok(map[string]any{"error": false, "result": result})
}

var stampPage = regexp.MustCompile(`^"?[1-9][0-9]*"?$`)

// postStamp: placing twice replaces the stamp, which is a choice (8.8).
func (d *sdoc) postStamp(r *http.Request) *reply {
	var in sdocStamp
	if _, _, no := d.body(r, &in, "", "sdoc 8.8"); no != nil {
		return no
	}
	var v verdict
	v.must(stampPage.Match(in.Page), "page is a number from 1")
	known := func(name string, values *map[string]float64, keys string) {
		if values != nil {
			for key := range *values {
				v.must(strings.Contains(keys, " "+key+" "), "no %s.%s", name, key)
			}
		}
	}
	known("size", in.Size, " width height ")
	known("position", in.Position, " ury urx lly llx ")
	if v != nil {
		return d.refuse(r, "", v.String(), "sdoc 8.8")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	p, no := d.participant(r, r.PathValue("id"))
	switch {
	case no != nil:
		return no
	case p.status() != 1:
		return d.coded("INTEGRATION_PARTICIPANT_AEC3", "O participante nao esta com o status de 'Pendente'.")
	}
	p.stamp = &in
	return ok(map[string]any{"error": false, "message": "Carimbo posicionado com exito."})
}

func (d *sdoc) deleteStamp(r *http.Request) *reply {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, no := d.participant(r, r.PathValue("id"))
	switch {
	case no != nil:
		return no
	case p.stamp == nil:
		return d.coded("INTEGRATION_PARTICIPANT_B12A", "O participante nao tem carimbo posicionado.")
	}
	p.stamp = nil
	return ok(map[string]any{"error": false, "message": "Carimbo removido com exito."})
}

// notify calls back about a new signature (§11). The caller holds the lock.
func (d *sdoc) notify(s *sdocSolicitation) {
	body, err := json.Marshal(struct {
		Identifier string `json:"identifier"`
		Type       int    `json:"type"`
		SecretKey  string `json:"secretKey"`
	}{s.id, 1, d.secretKey()})
	if err != nil {
		panic(err) // plain strings
	}
	d.sb.courier.send(delivery{provider: d.name, url: s.callback, body: body})
}

// keyOf reads our key out of a callback address: the query parameter "envelope".
func keyOf(callback string) string {
	u, err := url.Parse(callback)
	if err != nil {
		return ""
	}
	return u.Query().Get("envelope")
}

func (s *sdocSolicitation) finish() {
	for _, f := range s.files {
		s.offer(providers.SignedDocument, f.id, f.mimeType, f.content)
	}
}

func sdocMessage(format string, args ...any) map[string]any {
	return map[string]any{"error": false, "message": fmt.Sprintf(format, args...)}
}
