package xsim

import (
	"bytes"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// asked is a checked authorization request.
type asked struct {
	redirect *url.URL
	query    url.Values
	scopes   []string
}

// checkAuthorize reads the parameters of an authorization. A fault is shown on a page and never redirected.
func (s *Sim) checkAuthorize(q url.Values) (asked, string) {
	redirect, err := url.Parse(q.Get("redirect_uri"))
	if err != nil || !redirect.IsAbs() || redirect.Fragment != "" || slices.Contains([]string{"javascript", "data"}, redirect.Scheme) {
		return asked{}, "redirect_uri is not an absolute URL"
	}
	scopes, state := strings.Fields(q.Get("scope")), q.Get("state")
	methods := []string{"", "plain", "s256", "S256"}
	for _, rule := range []struct {
		broken bool
		fault  string
	}{
		{q.Get("response_type") != "code", "response_type has to be code"},
		{q.Get("client_id") != s.cfg.ClientID, "there is no such client_id"},
		{state == "" || len(state) > 500, "state is missing or longer than 500 characters"},
		{len(scopes) == 0, "scope is missing"},
		{slices.ContainsFunc(scopes, func(s string) bool { return !strings.Contains(s, ".") }), "a scope is not known"},
		{q.Get("code_challenge") == "", "code_challenge is missing"},
		{!slices.Contains(methods, q.Get("code_challenge_method")), "code_challenge_method is not known"},
	} {
		if rule.broken {
			return asked{}, rule.fault
		}
	}
	return asked{redirect: redirect, query: q, scopes: scopes}, ""
}

func authorizePage(c *call) (reply, error) {
	q := c.r.URL.Query()
	a, fault := c.checkAuthorize(q)
	if fault != "" {
		return page(http.StatusBadRequest, object{"Fault": fault})
	}
	c.mu.Lock()
	auto := c.auto
	c.mu.Unlock()
	if auto != "" {
		return c.agree(a, auto), nil
	}
	return page(http.StatusOK, object{"Scopes": a.scopes, "Users": c.Users(), "Query": q, "App": c.cfg.ClientID})
}

func authorizeAnswer(c *call) (reply, error) {
	form := c.form()
	a, fault := c.checkAuthorize(form)
	if fault != "" {
		return page(http.StatusBadRequest, object{"Fault": fault})
	}
	user := form.Get("user")
	c.mu.Lock()
	known := c.users[user] != nil
	c.mu.Unlock()
	if form.Get("answer") != "authorize" || !known {
		return redirect(a, url.Values{"error": {"access_denied"}}), nil
	}
	return c.agree(a, user), nil
}

// agree makes a code for the user and sends the browser back with it.
func (c *call) agree(a asked, user string) reply {
	c.mu.Lock()
	defer c.mu.Unlock()
	name := secret(24)
	c.codes[name] = &code{
		user: user, redirect: a.query.Get("redirect_uri"), challenge: a.query.Get("code_challenge"),
		plain: !strings.EqualFold(a.query.Get("code_challenge_method"), "S256"), scopes: a.scopes,
		expires: c.cfg.Now().Add(c.cfg.CodeTTL),
	}
	c.who.user = user
	return redirect(a, url.Values{"code": {name}})
}

func redirect(a asked, with url.Values) reply {
	to := *a.redirect
	q := to.Query()
	q.Set("state", a.query.Get("state"))
	maps.Copy(q, with)
	to.RawQuery = q.Encode()
	return reply{status: http.StatusFound, location: to.String()}
}

//nolint:gochecknoglobals // parsed once, never written
var authorizeTemplate = template.Must(template.New("authorize").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Simulated X</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:28rem;margin:4rem auto;padding:0 1rem}label{display:block}</style>
{{if .Fault}}<h1>This cannot be authorized</h1><p id="fault">{{.Fault}}</p>
{{else}}<h1>{{.App}} asks for access</h1>
<form method="post" action="/i/oauth2/authorize">
{{range $k, $v := .Query}}{{range $v}}<input type="hidden" name="{{$k}}" value="{{.}}">{{end}}{{end}}
<p>It wants to:</p><ul>{{range .Scopes}}<li>{{.}}</li>{{end}}</ul>
<fieldset><legend>You are</legend>{{range $i, $u := .Users}}<label><input type="radio" name="user" value="{{$u.ID}}"{{if eq $i 0}} checked{{end}}> {{$u.Name}} (@{{$u.Username}})</label>{{end}}</fieldset>
<p><button name="answer" value="authorize">Authorize</button> <button name="answer" value="cancel">Cancel</button></p>
</form>{{end}}</html>
`))

func page(status int, with object) (reply, error) {
	for _, k := range []string{"Fault", "Scopes", "Users", "Query", "App"} {
		if _, set := with[k]; !set {
			with[k] = nil
		}
	}
	var b bytes.Buffer
	err := authorizeTemplate.Execute(&b, with)
	return reply{status: status, kind: "text/html; charset=utf-8", body: b.Bytes()}, err
}
