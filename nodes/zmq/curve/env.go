package curve

import "fmt"

// FromEnv reads the keys from the variables that Zeek reads, ZEEK_CLUSTER_BACKEND_ZEROMQ_CURVE_SERVER_PUBLICKEY and its
// like; getenv is os.Getenv or a test's. A variable that is empty or not set is a missing key.
func FromEnv(getenv func(string) string) (Keys, error) {
	var k Keys
	for _, s := range slots {
		text := getenv(s.variable)
		if text == "" {
			continue
		}
		if err := s.set(&k, text); err != nil {
			return Keys{}, fmt.Errorf("cannot use %s: %w; zctl keys generate --env prints good ones", s.variable, err)
		}
	}
	return k, k.check()
}

// Env is the keys as NAME=VALUE for the environment of a process, secrets included.
func (k Keys) Env() []string {
	var env []string
	for _, s := range slots {
		if text := s.text(k); text != "" {
			env = append(env, s.variable+"="+text)
		}
	}
	return env
}
