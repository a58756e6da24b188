// Policy packs: a Python program that the engine runs through the language host, as a plugin.
package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// stream hands what a process writes on to the engine; `wrap` says by which pipe.
type stream struct {
	server pulumirpc.LanguageRuntime_RunPluginServer
	wrap   func([]byte) *pulumirpc.RunPluginResponse
}

func (s stream) Write(data []byte) (int, error) {
	return len(data), s.server.Send(s.wrap(append([]byte{}, data...)))
}

// RunPlugin runs a policy pack in its own environment; it ends when the engine hangs up.
func (h *host) RunPlugin(
	request *pulumirpc.RunPluginRequest, server pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	if request.GetKind() != "analyzer" {
		return fmt.Errorf("no plugin of kind %q runs here", request.GetKind())
	}
	if len(request.GetArgs()) == 0 {
		return errors.New("the engine gives no address")
	}
	ctx := server.Context()
	found, err := python(ctx, request.GetInfo())
	if err != nil {
		return err
	}
	address, rest := request.GetArgs()[0], request.GetArgs()[1:]
	arguments := append([]string{"-u", "-m", "pulumi.policy", address,
		request.GetInfo().GetProgramDirectory()}, rest...)
	command, err := found.Command(ctx, arguments...)
	if err != nil {
		return err
	}
	if command.Env == nil {
		command.Env = os.Environ()
	}
	command.Env = append(command.Env, request.GetEnv()...)
	command.Dir = request.GetPwd()
	command.Stdout = stream{server, func(data []byte) *pulumirpc.RunPluginResponse {
		return &pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: data}}
	}}
	command.Stderr = stream{server, func(data []byte) *pulumirpc.RunPluginResponse {
		return &pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: data}}
	}}
	code := int32(0)
	var exit *exec.ExitError
	if err := command.Run(); errors.As(err, &exit) {
		code = int32(exit.ExitCode())
	} else if err != nil {
		return err
	}
	return server.Send(&pulumirpc.RunPluginResponse{
		Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: code},
	})
}
