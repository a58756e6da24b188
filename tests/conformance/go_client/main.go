// A device's view of a channel by go-tuf, a client that shares no code with the publisher.
//
// Usage: client METADATA_URL TARGETS_URL ROOT HOME CLASS. Prints the release that the class is
// offered and the length of its bundle; ends with 1 and the reason if anything is refused.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

type custom struct {
	Block struct {
		Release string `json:"release"`
		Bundle  string `json:"bundle"`
	} `json:"hybridspec"`
}

func look(args []string) (string, error) {
	root, err := os.ReadFile(args[2])
	if err != nil {
		return "", err
	}
	settings, err := config.New(args[0], root)
	if err != nil {
		return "", err
	}
	settings.RemoteTargetsURL = args[1]
	settings.LocalMetadataDir = filepath.Join(args[3], "metadata")
	settings.LocalTargetsDir = filepath.Join(args[3], "targets")
	for _, folder := range []string{settings.LocalMetadataDir, settings.LocalTargetsDir} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return "", err
		}
	}
	client, err := updater.New(settings)
	if err != nil {
		return "", err
	}
	if err := client.Refresh(); err != nil {
		return "", err
	}
	pointer, err := client.GetTargetInfo(args[4] + "/current/manifest.json")
	if err != nil {
		return "", err
	}
	var said custom
	if err := json.Unmarshal(*pointer.Custom, &said); err != nil {
		return "", err
	}
	if _, _, err := client.DownloadTarget(pointer, "", ""); err != nil {
		return "", err
	}
	bundle, err := client.GetTargetInfo(said.Block.Bundle)
	if err != nil {
		return "", err
	}
	_, data, err := client.DownloadTarget(bundle, "", "")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s %d", said.Block.Release, len(data)), nil
}

func main() {
	if len(os.Args) != 6 {
		fmt.Fprintln(os.Stderr, "usage: client METADATA_URL TARGETS_URL ROOT HOME CLASS")
		os.Exit(2)
	}
	said, err := look(os.Args[1:])
	if err != nil {
		fmt.Fprintf(os.Stderr, "refused: %T: %v\n", err, err)
		os.Exit(1)
	}
	fmt.Println(said)
}
