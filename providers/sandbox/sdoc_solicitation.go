package sandbox

import (
	"net/http"
	"regexp"
	"strings"
)

type sdocPlace struct {
	Identifier string `json:"identifier"`
	Folder     string `json:"folder,omitempty"`
}

type sdocInput struct {
	Title        string     `json:"title"`
	Description  *string    `json:"description"`
	Callback     *string    `json:"callback"`
	Organization *sdocPlace `json:"organization"`
	Files        []struct {
		Name string `json:"name"`
		Type string `json:"type"`
		Temp string `json:"tempIdentifier"`
	} `json:"files"`
	Participants []sdocParticipantInput `json:"participants"`
	Settings     *struct {
		SendEmail *bool `json:"SendEmail"`
	} `json:"Settings"`
}

type sdocParticipantInput struct {
	Name          string `json:"name"`
	Email         string `json:"email"`
	CPF           string `json:"cpf"`
	SignatureType int    `json:"signatureType"`
}

// Signature types (§6).
const (
	sdocDigital    = 1
	sdocElectronic = 2
	sdocApprover   = 3
	sdocViewer     = 4
)

type sdocSolicitation struct {
	record
	d            *sdoc
	description  *string
	callback     string
	place        *sdocPlace
	files        []*sdocFile
	participants []*sdocParticipant
}

var sdocCPF = regexp.MustCompile(`^([0-9]{11}|[0-9A-Z]{12}[0-9]{2})$`)

// formatted is how texts are normalised before they are stored; the rules are not
// given (§5).
func formatted(s string) string { return strings.Join(strings.Fields(s), " ") }

func (in *sdocInput) checkTexts(v *verdict) {
	sized(v, "title", in.Title, 5, 200)
	if in.Description != nil {
		sized(v, "description", *in.Description, 5, 400)
	}
	if in.Callback != nil {
		sized(v, "callback", *in.Callback, 5, 200)
		v.must(isHTTP(*in.Callback), "callback is an address")
	}
	if o := in.Organization; o != nil {
		sized(v, "organization.identifier", o.Identifier, 20, 20)
		v.must(o.Folder == "" || len(o.Folder) == 10, "organization.folder has 10 characters")
	}
}

// check is 8.3. That there is a file and a participant is a choice.
func (in *sdocInput) check() (v verdict) {
	in.checkTexts(&v)
	v.must(len(in.Files) >= 1 && len(in.Files) <= 10, "files has 1 to 10 items")
	for _, f := range in.Files {
		sized(&v, "files[].name", f.Name, 5, 200)
		sized(&v, "files[].type", f.Type, 5, 150)
		sized(&v, "files[].tempIdentifier", f.Temp, 20, 20)
	}
	v.must(len(in.Participants) >= 1 && len(in.Participants) <= 50, "participants has 1 to 50 items")
	for _, p := range in.Participants {
		sized(&v, "participants[].name", p.Name, 10, 250)
		sized(&v, "participants[].email", p.Email, 1, 150)
		v.must(isEmail(p.Email), "participants[].email is an e-mail")
		v.must(sdocCPF.MatchString(p.CPF), "participants[].cpf has 11 or 14 characters without punctuation")
		v.must(p.SignatureType >= sdocDigital && p.SignatureType <= sdocViewer, "participants[].signatureType is 1 to 4")
	}
	return v
}

// postSolicitation invites: its participants are asked to sign from now on. There is no
// de-duplication: the same request again is another solicitation.
func (d *sdoc) postSolicitation(r *http.Request) *reply {
	var in sdocInput
	if _, _, no := d.body(r, &in, "", "sdoc 8.3"); no != nil {
		return no
	}
	if v := in.check(); v != nil {
		return d.refuse(r, "", v.String(), "sdoc 8.3")
	}
	if no := d.place(r, in.Organization, false); no != nil {
		return no
	}
	callback := d.registered()
	if in.Callback != nil {
		callback = *in.Callback
	}
	if callback == "" {
		return d.refuse(r, "INTEGRATION_SOLICITATION_41A7", "no callback address, neither registered nor sent", "sdoc 8.3")
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	seen := make(map[string]bool)
	for _, f := range in.Files {
		if _, found := d.unused(f.Temp); !found || seen[f.Temp] {
			// A second use in another request is how a client finds out about the first.
			if _, given := d.temporary[f.Temp]; seen[f.Temp] || !given && !d.used[f.Temp] {
				d.violateLocked(visitOf(r).route, "", "a tempIdentifier that does not exist, or stands twice", "sdoc 8.1")
			}
			return d.coded("INTEGRATION_FILE_A2FC", "Nao foi possivel localizar o arquivo pelo identificador recebido.")
		}
		seen[f.Temp] = true
	}
	s := &sdocSolicitation{d: d, description: in.Description, callback: callback, place: in.Organization}
	s.id, s.title, s.state, s.key = d.newIdentifier(30), formatted(in.Title), "pending", keyOf(callback)
	for _, f := range in.Files {
		up, _ := d.unused(f.Temp)
		d.used[f.Temp] = true
		if !d.sb.o.Differences.SDocSecondUse {
			delete(d.temporary, f.Temp)
		}
		up.name, up.mimeType = formatted(f.Name), f.Type
		file := &sdocFile{upload: up, id: d.newIdentifier(15), solicitation: s}
		d.files[file.id] = file
		s.files = append(s.files, file)
	}
	for _, p := range in.Participants {
		d.addParticipant(s, p)
	}
	d.add(s)
	d.invite(s)
	result := s.json()
	for i, p := range s.participants {
		result["participants"].([]any)[i].(map[string]any)["signatureType"] = p.in.SignatureType
	}
	answer := sdocMessage("Solicitacao criada com exito.")
	answer["result"] = result
	return ok(answer)
}

// addParticipant: how people map to several files is not documented (8.3). Here a person
// has an entry with an identifier of its own for every file, or one for the first file
// by choice. The caller holds the lock.
func (d *sdoc) addParticipant(s *sdocSolicitation, in sdocParticipantInput) {
	in.Name, in.Email = formatted(in.Name), strings.ToLower(in.Email)
	who := &person{name: in.Name, email: in.Email, order: 1, state: personWaiting, approver: in.SignatureType == sdocApprover, idle: in.SignatureType == sdocViewer}
	s.people = append(s.people, who)
	var entries []*sdocParticipant
	for _, f := range s.files {
		p := &sdocParticipant{id: d.newIdentifier(8), person: who, file: f, solicitation: s, in: in}
		d.participants[p.id] = p
		entries = append(entries, p)
		if d.sb.o.Choices.SDocOneFile {
			break
		}
	}
	who.id = entries[0].id
	s.participants = append(s.participants, entries...)
	if in.SignatureType == sdocElectronic { // signs only with a stamp (§6)
		who.ready = func() bool {
			for _, p := range entries {
				if p.stamp == nil {
					return false
				}
			}
			return true
		}
	}
}

func (s *sdocSolicitation) json() map[string]any {
	files, participants := []any{}, []any{}
	for _, f := range s.files {
		files = append(files, map[string]string{"identifier": f.id, "name": f.name, "type": f.mimeType})
	}
	for _, p := range s.participants {
		participants = append(participants, p.json())
	}
	m := map[string]any{
		"identifier": s.id, "title": s.title, "description": s.description, "callback": s.callback, "createdDate": naive(s.created),
		"files": files, "participants": participants,
	}
	if s.place != nil {
		m["organization"] = s.place
	}
	return m
}

// solicitation finds the one that the query names. The caller holds the lock.
func (d *sdoc) solicitation(r *http.Request) (*sdocSolicitation, *reply) {
	id := r.URL.Query().Get("identifier")
	s, found := d.envelopes[id].(*sdocSolicitation)
	switch {
	case d.deleted[id]:
		return nil, d.coded("INTEGRATION_SOLICITATION_B425", "Essa solicitacao foi excluida do sistema.")
	case !found:
		if r.Method != http.MethodGet { // asking is no contradiction: the code says what it means
			d.violateLocked(visitOf(r).route, "", "no solicitation with that identifier", "sdoc 8.5")
		}
		return nil, d.coded("INTEGRATION_SOLICITATION_8D12", "Solicitacao nao encontrada.")
	}
	return s, nil
}

func (d *sdoc) getSolicitation(r *http.Request) *reply {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, no := d.solicitation(r)
	if no != nil {
		return no
	}
	answer := sdocMessage("Solicitacao '%s' buscada com exito.", s.id)
	answer["result"] = s.json()
	return ok(answer)
}

// putSolicitation: leaving the description out erases it, leaving the callback out
// keeps it (8.4).
func (d *sdoc) putSolicitation(r *http.Request) *reply {
	var in struct {
		Title        string     `json:"title"`
		Description  *string    `json:"description"`
		Callback     *string    `json:"callback"`
		Organization *sdocPlace `json:"organization"`
	}
	if _, _, no := d.body(r, &in, "", "sdoc 8.4"); no != nil {
		return no
	}
	var v verdict
	(&sdocInput{Title: in.Title, Description: in.Description, Callback: in.Callback, Organization: in.Organization}).checkTexts(&v)
	if v != nil {
		return d.refuse(r, "", v.String(), "sdoc 8.4")
	}
	if no := d.place(r, in.Organization, true); no != nil {
		return no
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s, no := d.solicitation(r)
	if no != nil {
		return no
	}
	s.title, s.description = formatted(in.Title), in.Description
	if in.Callback != nil {
		s.callback = *in.Callback
	}
	if in.Organization != nil {
		s.place = in.Organization
	}
	return ok(sdocMessage("Solicitacao editada com exito."))
}

// deleteSolicitation: whether signed ones can be deleted is not documented: they can.
func (d *sdoc) deleteSolicitation(r *http.Request) *reply {
	d.mu.Lock()
	defer d.mu.Unlock()
	s, no := d.solicitation(r)
	if no != nil {
		return no
	}
	d.erase(s)
	return ok(sdocMessage("Solicitacao excluida com exito."))
}

func (d *sdoc) erase(s *sdocSolicitation) {
	d.deleted[s.id] = true
	for _, f := range s.files {
		d.deleted[f.id] = true
	}
	d.remove(s, "deleted")
}

func (s *sdocSolicitation) viewed(*person) {}

// signed calls back once for each signature. Whether approving calls back is not
// documented: no.
func (s *sdocSolicitation) signed(who *person) {
	for _, p := range s.participants {
		if p.person == who && !who.approver {
			s.d.notify(s)
		}
	}
}

// declined: what a rejection means for the others is not documented: the end. It is not
// called back either (§6).
func (s *sdocSolicitation) declined(*person) { s.d.end(s, "rejected") }

// expired: there are no deadlines; the owner deletes it in the portal.
func (s *sdocSolicitation) expired() { s.d.erase(s) }

func (s *sdocSolicitation) completed() {
	s.d.end(s, "signed")
	s.finish()
}

func (s *sdocSolicitation) special(action string) bool {
	if action == "cancel" && s.pending() {
		s.d.erase(s)
		return true
	}
	return false
}
