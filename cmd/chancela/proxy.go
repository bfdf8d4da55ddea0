package main

import (
	"net/url"
	"strings"
)

// proxyNames are the variables that say by which way requests leave: those of all other
// programs, in capitals or not. Providers, files at addresses that they give, buckets,
// notifications and traces go the same way.
var proxyNames = []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"}

// proxySetting is a variable's value, of the name in capitals first.
func proxySetting(environ map[string]string, name string) string {
	if value := environ[name]; value != "" {
		return value
	}
	return environ[strings.ToLower(name)]
}

// checkProxies refuses a proxy's address that cannot be read: the library would go around
// the proxy without a word.
func checkProxies(environ map[string]string) error {
	for _, name := range proxyNames[:2] {
		value := proxySetting(environ, name)
		if value == "" {
			continue
		}
		u, err := url.Parse(value)
		if err != nil || u.Host == "" { // HOST:PORT alone is taken, too
			u, err = url.Parse("http://" + value)
		}
		known := err == nil && (u.Scheme == "http" || u.Scheme == "https" || u.Scheme == "socks5" || u.Scheme == "socks5h")
		if !known || u.Hostname() == "" || strings.ContainsAny(value, " \t\r\n\"'$") {
			return usage("%s: want a proxy's address such as http://proxy.example:3128", name)
		}
	}
	return nil
}

// waysOut are the proxies that are set, a line each, without credentials.
func waysOut(environ map[string]string) []string {
	var all []string
	for _, name := range proxyNames {
		value := proxySetting(environ, name)
		if i := strings.LastIndex(value, "@"); i >= 0 {
			scheme, _, ok := strings.Cut(value, "://")
			value = value[i+1:]
			if value = "***@" + value; ok {
				value = scheme + "://" + value
			}
		}
		if value != "" {
			all = append(all, name+": "+value)
		}
	}
	if len(all) == 0 {
		return []string{"proxy: none (HTTPS_PROXY, HTTP_PROXY and NO_PROXY are not set)"}
	}
	return all
}
