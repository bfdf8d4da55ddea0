package sandbox

import (
	"net/http"
	"slices"
)

// Participants (§8).

func (s *contraktorShare) json(k *contraktorContract) any {
	return map[string]any{
		"id": s.id, "contract": map[string]int64{"id": k.id}, "party": s.party.json(), "company": s.company.json(), "qualification": s.in.Qualification,
		"notification_type": s.in.Notification, "engine": "standard", "order": s.order(k), "email_viewed_at": nil,
		"inserted_at": naive(s.at), "updated_at": naive(s.at),
	}
}

// order is the place in which the participant was added when none was given (§8).
func (s *contraktorShare) order(k *contraktorContract) int {
	if s.in.Order != nil {
		return *s.in.Order
	}
	return slices.Index(k.shares, s) + 1
}

// admitShare checks a participant. That a channel needs its address is an inference of
// §7.
func (c *contraktor) admitShare(s *contraktorShare) (v verdict) {
	v.must(s.in.Qualification != "", "sharing.qualification is required")
	v.must(s.in.Notification == "email" || s.in.Notification == "whatsapp", "sharing.notification_type is email or whatsapp")
	v.must(s.in.Order == nil || *s.in.Order >= 1, "sharing.order counts from 1")
	c.mu.Lock()
	defer c.mu.Unlock()
	s.party = c.parties[s.in.PartyID]
	v.must(s.party != nil, "sharing.party_id names no party")
	if s.in.CompanyID != nil {
		s.company = c.parties[*s.in.CompanyID]
		v.must(s.company != nil && s.company.text("person_type") == "pj", "sharing.company_id names no company")
	}
	if s.party != nil {
		v.must(s.in.CompanyID == nil || s.party.text("person_type") == "pf", "a company is represented by a person")
		v.must(s.in.Notification != "email" || s.party.text("email") != "" || s.party.text("contact_email") != "", "the party has no e-mail")
		v.must(s.in.Notification != "whatsapp" || s.party.text("whatsappnum") != "", "the party has no whatsappnum")
	}
	return v
}

func (c *contraktor) postShare(r *http.Request) *reply {
	var in struct {
		Sharing contraktorShareInput `json:"sharing"`
	}
	if no := c.body(r, &in, "§8"); no != nil {
		return no
	}
	s := &contraktorShare{in: in.Sharing}
	if v := c.admitShare(s); v != nil {
		return c.reject(r, "§8", v.String())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k, no := c.contract(r)
	if no != nil {
		return no
	}
	if len(k.proofs) > 0 && k.proofs[0].pending() { // participants come before sending (§8); the status is a choice
		c.violateLocked(visitOf(r).route, "", "a participant was added to a contract that was sent", "contraktor §8")
		return c.fail(http.StatusUnprocessableEntity, "", "the contract waits for signatures")
	}
	s.id, s.at = c.newID(), c.sb.now()
	k.shares = append(k.shares, s)
	return data(s.json(k))
}

func (c *contraktor) listShares(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, no := c.contract(r)
	if no != nil {
		return no
	}
	list := []any{}
	for _, s := range k.shares {
		list = append(list, s.json(k))
	}
	return data(list)
}

// share finds the participant that a path names. The caller holds the lock.
func (c *contraktor) share(r *http.Request) (*contraktorContract, *contraktorShare, *reply) {
	k, no := c.contract(r)
	if no != nil {
		return nil, nil, no
	}
	for _, s := range k.shares {
		if s.id == pathID(r, "share") {
			return k, s, nil
		}
	}
	return nil, nil, c.missing("sharing")
}

func (c *contraktor) getShare(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, s, no := c.share(r)
	if no != nil {
		return no
	}
	return data(s.json(k))
}

func (c *contraktor) patchShare(r *http.Request) *reply {
	c.mu.Lock()
	_, s, no := c.share(r)
	var old contraktorShareInput
	if no == nil {
		old = s.in
	}
	c.mu.Unlock()
	if no != nil {
		return no
	}
	var in struct {
		Sharing contraktorShareInput `json:"sharing"`
	}
	if no := c.body(r, &in, "§8"); no != nil {
		return no
	}
	changed := &contraktorShare{in: merge(old, in.Sharing)}
	if v := c.admitShare(changed); v != nil {
		return c.reject(r, "§8", v.String())
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k, s, no := c.share(r)
	if no != nil {
		return no
	}
	s.in, s.party, s.company = changed.in, changed.party, changed.company
	return data(s.json(k))
}

func (c *contraktor) deleteShare(r *http.Request) *reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	k, s, no := c.share(r)
	if no != nil {
		return no
	}
	k.shares = slices.DeleteFunc(k.shares, func(x *contraktorShare) bool { return x == s })
	return noContent()
}

// Attachments (§9, third-party knowledge).

func (c *contraktor) attachmentJSON(k *contraktorContract, a *contraktorAttachment) any {
	return map[string]any{"id": a.id, "contract": map[string]int64{"id": k.id}, "file": c.fileJSON(a.file), "mergeable": a.mergeable,
		"inserted_at": naive(a.at), "updated_at": naive(a.at)}
}

func (c *contraktor) postAttachment(r *http.Request) *reply {
	var in struct {
		Attachment struct {
			FileID int64 `json:"file_id"`
		} `json:"attachment"`
	}
	if no := c.body(r, &in, "§9"); no != nil {
		return no
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k, no := c.contract(r)
	if no != nil {
		return no
	}
	f, found := c.files[in.Attachment.FileID]
	if !found {
		c.violateLocked(visitOf(r).route, "", "attachment.file_id names no file", "contraktor §9")
		return c.fail(http.StatusUnprocessableEntity, "", "attachment.file_id names no file")
	}
	a := &contraktorAttachment{id: c.newID(), file: f, at: c.sb.now()}
	k.attachments = append(k.attachments, a)
	return data(c.attachmentJSON(k, a))
}

func (c *contraktor) putAttachment(r *http.Request) *reply {
	var in struct {
		Attachment struct {
			Mergeable *bool `json:"mergeable"`
		} `json:"attachment"`
	}
	if no := c.body(r, &in, "§9"); no != nil {
		return no
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	k, no := c.contract(r)
	if no != nil {
		return no
	}
	for _, a := range k.attachments {
		if a.id == pathID(r, "attachment") {
			a.mergeable = in.Attachment.Mergeable
			return data(c.attachmentJSON(k, a))
		}
	}
	return c.missing("attachment")
}
