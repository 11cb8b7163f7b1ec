package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3 keeps objects in a bucket. One writer of a name wins by the header
// If-None-Match: * (conditional writes); a service that ignores it keeps the
// last writer's object instead of the first's.
type S3 struct {
	client         *minio.Client
	bucket, prefix string
}

// OpenS3 returns the store at
//
//	s3://BUCKET[/PREFIX][?endpoint=URL][&region=NAME][&path-style=true]
//
// The endpoint is Amazon's where none is given; its scheme says whether the
// connection is encrypted, which it is without one. Credentials are those of
// AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, of
// MINIO_ACCESS_KEY and MINIO_SECRET_KEY, of the file of AWS, or those of the
// machine's or the service account's role. It does not connect yet.
func OpenS3(address string) (*S3, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, errors.New("store: want s3://bucket/prefix?endpoint=…&region=…, and no credentials in it: " +
			"they are taken from the environment")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("store: s3 URL: %w", err)
	}
	o, host, err := s3Options(query)
	if err != nil {
		return nil, err
	}
	prefix := strings.Trim(u.Path, "/")
	if prefix != "" {
		if err := CheckName(prefix); err != nil {
			return nil, fmt.Errorf("store: s3 prefix: %w", err)
		}
		prefix += "/"
	}
	client, err := minio.New(host, o)
	if err != nil {
		return nil, fmt.Errorf("store: s3: %w", err)
	}
	return &S3{client: client, bucket: u.Host, prefix: prefix}, nil
}

// amazon is the endpoint that knows the buckets of all regions.
const amazon = "s3.amazonaws.com"

func s3Options(query url.Values) (*minio.Options, string, error) {
	o := &minio.Options{
		Secure: true,
		Creds: credentials.NewChainCredentials([]credentials.Provider{
			&credentials.EnvAWS{}, &credentials.EnvMinio{}, &credentials.FileAWSCredentials{},
			&credentials.IAM{Client: &http.Client{Transport: http.DefaultTransport}},
		}),
	}
	host := amazon
	for name, values := range query {
		value := values[len(values)-1]
		switch name {
		case "endpoint":
			host, o.Secure = endpoint(value)
			if host == "" {
				return nil, "", fmt.Errorf("store: s3 endpoint %.200q: want http://host:port or https://host", value)
			}
		case "region":
			o.Region = value
		case "path-style":
			path, err := strconv.ParseBool(value)
			if err != nil {
				return nil, "", fmt.Errorf("store: s3 path-style %.20q: want true or false", value)
			}
			o.BucketLookup = minio.BucketLookupDNS
			if path {
				o.BucketLookup = minio.BucketLookupPath
			}
		default:
			return nil, "", fmt.Errorf("store: s3 parameter %.40q is not known: want endpoint, region or path-style", name)
		}
	}
	return o, host, nil
}

// endpoint divides an endpoint into host and whether it is encrypted.
func endpoint(s string) (host string, secure bool) {
	scheme, rest, found := strings.Cut(s, "://")
	if !found {
		scheme, rest = "https", s
	}
	rest = strings.TrimSuffix(rest, "/")
	if scheme != "http" && scheme != "https" || strings.ContainsAny(rest, "/@?# ") {
		return "", false
	}
	return rest, scheme == "https"
}

// Close implements [Store]; the connections are the default client's.
func (*S3) Close() error { return nil }

// Put implements [Store].
func (s *S3) Put(ctx context.Context, name string, data []byte) error {
	if err := check(name, data); err != nil {
		return err
	}
	o := minio.PutObjectOptions{
		ContentType: "application/octet-stream",
		// In one piece, for the condition to stand at the write itself.
		DisableMultipart: true,
	}
	o.SetMatchETagExcept("*")
	_, err := s.client.PutObject(ctx, s.bucket, s.prefix+name, bytes.NewReader(data), int64(len(data)), o)
	answer := answerOf(err)
	switch {
	case err == nil:
		return nil
	case answer.StatusCode == http.StatusPreconditionFailed:
		return fmt.Errorf("%s: %w", name, ErrExists)
	case answer.StatusCode == http.StatusConflict:
		// Two writers at once (ConditionalRequestConflict): one of them may have
		// won, and who did not is to ask again.
		return s.afterConflict(ctx, name, err)
	}
	return s.explain("write", name, err)
}

func (s *S3) afterConflict(ctx context.Context, name string, conflict error) error {
	_, err := s.client.StatObject(ctx, s.bucket, s.prefix+name, minio.StatObjectOptions{})
	if err == nil {
		return fmt.Errorf("%s: %w", name, ErrExists)
	}
	return s.explain("write", name, errors.Join(conflict, err))
}

// Get implements [Store].
func (s *S3) Get(ctx context.Context, name string) ([]byte, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	object, err := s.client.GetObject(ctx, s.bucket, s.prefix+name, minio.GetObjectOptions{})
	if err != nil {
		return nil, s.explain("read", name, err)
	}
	defer func() { _ = object.Close() }() // read only
	data, err := readBounded(name, object)
	if answerOf(err).Code == minio.NoSuchKey {
		return nil, fmt.Errorf("%s: %w", name, ErrMissing)
	}
	if err != nil && !errors.Is(err, ErrTooLarge) {
		return nil, s.explain("read", name, err)
	}
	return data, err
}

// List implements [Store].
func (s *S3) List(ctx context.Context, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		// The client's goroutine ends with the context.
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		o := minio.ListObjectsOptions{Prefix: s.prefix + prefix, Recursive: true}
		for object := range s.client.ListObjectsIter(ctx, s.bucket, o) {
			if object.Err != nil {
				yield("", s.explain("list", prefix, object.Err))
				return
			}
			name := strings.TrimPrefix(object.Key, s.prefix)
			if CheckName(name) == nil && !yield(name, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield("", err)
		}
	}
}

// explain says what was tried, and for the usual errors what to do.
func (s *S3) explain(verb, name string, err error) error {
	advice := ""
	switch answerOf(err).Code {
	case minio.NoSuchBucket:
		advice = ": the bucket does not exist: create it, or check its name and region"
	case minio.AccessDenied, "InvalidAccessKeyId", "SignatureDoesNotMatch":
		advice = ": the credentials may not do this: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, " +
			"or give the role s3:GetObject, s3:PutObject and s3:ListBucket"
	case "NotImplemented":
		advice = ": the service knows no conditional writes (If-None-Match)"
	}
	return fmt.Errorf("%s %s in bucket %s%s: %w", verb, name, s.bucket, advice, err)
}

// answerOf returns what the service answered, also inside a wrapped error.
func answerOf(err error) minio.ErrorResponse {
	var answer minio.ErrorResponse
	errors.As(err, &answer)
	return answer
}
