package pages

import (
	"net/http"
	"strings"
)

type signInView struct {
	Next  string
	Wrong bool
}

func (p *Pages) signInForm(v *visit) error {
	next := local(v.r.URL.Query().Get("next"))
	if v.signedIn {
		http.Redirect(v.w, v.r, next, http.StatusSeeOther)
		return nil
	}
	return p.show(v, http.StatusOK, "signin", view{Title: v.words.t("signin.title"), Data: signInView{Next: next}})
}

func (p *Pages) signIn(v *visit) error {
	next := local(v.r.PostForm.Get("next"))
	ok, err := p.API.SignIn(v.w, v.r, v.r.PostForm.Get("key"))
	if err != nil {
		return err
	}
	if !ok {
		return p.show(v, http.StatusForbidden, "signin", view{Title: v.words.t("error.prefix", v.words.t("signin.title")), Data: signInView{next, true}})
	}
	http.Redirect(v.w, v.r, next, http.StatusSeeOther)
	return nil
}

func (p *Pages) signOut(v *visit) error {
	if err := p.API.SignOut(v.w, v.r); err != nil {
		return err
	}
	http.Redirect(v.w, v.r, "/sign-in", http.StatusSeeOther)
	return nil
}

// local keeps an address on this server: where somebody goes after signing in must not
// be another's choice.
func local(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n\t") {
		return "/"
	}
	return next
}
