// The language host by which the published engine runs Python programs in the tests.
//
// Pulumi's own host is no module that a Go client can fetch: it has no tag. This one serves the
// same protocol with the published package that finds a project's Python environment, and runs the
// published `pulumi-language-python-exec`, which has to lie beside it.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"github.com/pulumi/pulumi/sdk/v3/python/toolchain"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/emptypb"
)

// What the program prints before it ends after it told the engine its fault itself.
const toldTheUser = 32

//go:embed packages.py
var listPackages string

type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer
	engine   string
	executor string
}

func main() {
	engine := ""
	for _, argument := range os.Args[1:] {
		if argument[0] != '-' {
			engine = argument
		}
	}
	own, err := os.Executable()
	if err != nil {
		fatal(err)
	}
	executor := filepath.Join(filepath.Dir(own), "pulumi-language-python-exec")
	ctx, gone := context.WithCancel(context.Background())
	cancel := make(chan bool)
	go func() {
		<-ctx.Done()
		close(cancel)
	}()
	if err := rpcutil.Healthcheck(ctx, engine, time.Second, gone); err != nil {
		fatal(err)
	}
	serving, err := rpcutil.ServeWithOptions(rpcutil.ServeOptions{
		Cancel: cancel,
		Init: func(server *grpc.Server) error {
			pulumirpc.RegisterLanguageRuntimeServer(server, &host{engine: engine, executor: executor})
			return nil
		},
	})
	if err != nil {
		fatal(err)
	}
	fmt.Println(serving.Port)
	if err := <-serving.Done; err != nil {
		fatal(err)
	}
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// python finds the environment that the project asks for; one that is not there is made by pip.
func python(ctx context.Context, info *pulumirpc.ProgramInfo) (toolchain.Toolchain, error) {
	options := toolchain.PythonOptions{
		Root: info.GetRootDirectory(), ProgramDir: info.GetProgramDirectory(), Toolchain: toolchain.Pip,
	}
	if value, ok := info.GetOptions().AsMap()["virtualenv"].(string); ok {
		options.Virtualenv = value
	}
	found, err := toolchain.ResolveToolchain(options)
	if err != nil {
		return nil, err
	}
	return found, found.ValidateVenv(ctx)
}

func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: "3.0.0"}, nil
}

// GetRequiredPackages names the providers that the installed SDKs ask for.
func (h *host) GetRequiredPackages(
	ctx context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	found, err := python(ctx, request.GetInfo())
	if err != nil {
		return nil, err
	}
	command, err := found.Command(ctx, "-c", listPackages)
	if err != nil {
		return nil, err
	}
	output, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("listing installed SDKs: %w", err)
	}
	answer := &pulumirpc.GetRequiredPackagesResponse{}
	return answer, json.Unmarshal(output, &answer.Packages)
}

// Run executes the program with the published executor.
func (h *host) Run(
	ctx context.Context, request *pulumirpc.RunRequest,
) (*pulumirpc.RunResponse, error) {
	found, err := python(ctx, request.GetInfo())
	if err != nil {
		return nil, err
	}
	program := filepath.Join(request.GetInfo().GetProgramDirectory(), request.GetInfo().GetEntryPoint())
	arguments := []string{"-u", h.executor,
		"--monitor", request.GetMonitorAddress(), "--engine", h.engine,
		"--project", request.GetProject(), "--stack", request.GetStack(),
		"--organization", request.GetOrganization(), "--pwd", request.GetPwd(),
		"--root_directory", request.GetInfo().GetRootDirectory(),
		"--parallel", strconv.Itoa(int(request.GetParallel())),
		"--dry_run", strconv.FormatBool(request.GetDryRun()),
		program,
	}
	command, err := found.Command(ctx, append(arguments, request.GetArgs()...)...)
	if err != nil {
		return nil, err
	}
	settings := request.GetConfig()
	if settings == nil {
		settings = map[string]string{}
	}
	config, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	secret, err := json.Marshal(append([]string{}, request.GetConfigSecretKeys()...))
	if err != nil {
		return nil, err
	}
	if command.Env == nil {
		command.Env = os.Environ()
	}
	command.Env = append(command.Env,
		"PULUMI_CONFIG="+string(config), "PULUMI_CONFIG_SECRET_KEYS="+string(secret))
	command.Dir = request.GetPwd()
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	if err := command.Run(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == toldTheUser {
			return &pulumirpc.RunResponse{Bail: true}, nil
		}
		return &pulumirpc.RunResponse{Error: fmt.Sprintf("the program ended: %v", err)}, nil
	}
	return &pulumirpc.RunResponse{}, nil
}
