package openapi

// Operation is what a document says of one method of one path. References are
// followed; schemas are told by their places.
type Operation struct {
	// Name is "GET /products/{id}".
	Name, Method, Path string
	// Sent says that the provider sends it, to a consumer that answers. Path is then
	// "webhook newPet" or "callback POST /streams onData {$request.query.url}", to
	// which Name adds the method.
	Sent       bool
	ID         string // operationId, "" where it has none
	Summary    string
	Deprecated bool
	// BasePaths are the paths of its servers, without the slash at the end, variables
	// at their defaults; "" where a server has none, and where there is no server.
	BasePaths []string
	// Parameters are those of the path item and its own, which replace them, in the
	// order of path, query, header and cookie, within each that of the document.
	Parameters []*Parameter
	Body       *Body // nil where it takes none
	// Responses are sorted by their status, "default" last.
	Responses []*Response
	// Security holds the alternatives; nil where it needs no credentials. An
	// alternative without schemes allows the request without any.
	Security []Requirement
	// Place is where the operation stands.
	Place Place

	// bases are BasePaths with the variables left in.
	bases []string
}

// Place is where something stands in a document: the URI of a file and a JSON
// pointer into it, as "file:///shop/openapi.yaml#/paths/~1products/get". The
// pointer is not percent-encoded.
type Place string

// Parameter is a parameter of a request, or a header of an answer.
type Parameter struct {
	Name string
	In   string // "path", "query", "header" or "cookie"; "header" in answers
	// Style and Explode are never unset: defaults are filled in (OpenAPI 3.1
	// section 4.8.12.2).
	Style         string
	Explode       bool
	Required      bool
	AllowReserved bool
	AllowEmpty    bool
	Deprecated    bool
	// Schema is "" where the parameter has none. MediaType is set where its value
	// is written in a media type (content).
	Schema    Place
	MediaType string
	Examples  []Example
	Place     Place
}

// Example is a value that the document shows.
type Example struct {
	Name  string // "" for the only one
	Value any
	Place Place
}

// Body is what a request may carry.
type Body struct {
	Required bool
	Media    []*Media
	Place    Place
}

// Media is a message in one media type.
type Media struct {
	Type     string // as the document writes it, possibly a range such as "text/*"
	Schema   Place  // "" where it has none
	Examples []Example
	// Encoding holds what is said of the parts of forms and multipart, by property.
	Encoding map[string]Encoding
	Place    Place
}

// Encoding says how a property of a form is written (OpenAPI 3.1 section
// 4.8.15).
type Encoding struct {
	ContentType   string
	Style         string
	Explode       bool
	AllowReserved bool
	Headers       []*Parameter
}

// Response is an answer that is declared.
type Response struct {
	Status  string // "200", "4XX" or "default"
	Media   []*Media
	Headers []*Parameter
	Links   []Link
	Place   Place
}

// Link says how an answer leads to another operation (OpenAPI 3.1 section
// 4.8.20).
type Link struct {
	Name string
	// Operation is the name of the operation that it leads to.
	Operation string
	// Parameters are runtime expressions or constants by the parameter, its name
	// as "id" or with its place as "path.id".
	Parameters map[string]any
	// Body is a runtime expression or a constant, nil where there is none.
	Body  any
	Place Place
}

// Requirement is a set of schemes that are needed together, with their scopes.
type Requirement map[string][]string

// Scheme is a way to prove who asks (OpenAPI 3.1 section 4.8.27).
type Scheme struct {
	Name string
	Type string // "apiKey", "http", "oauth2", "openIdConnect" or "mutualTLS"
	// In and Param say where an apiKey goes.
	In, Param string
	// Scheme is that of HTTP authentication in lower case, such as "bearer".
	Scheme string
	// Flows holds the token URLs of OAuth 2.0 by flow.
	Flows            map[string]string
	OpenIDConnectURL string
	Place            Place
}
