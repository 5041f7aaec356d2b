{
  description = "fleet: run many projects of coding agents, each with a pinned harness and a tmux session";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-26.05";

  outputs =
    { self, nixpkgs }:
    let
      inherit (nixpkgs) lib;
      manifest = (lib.importTOML ./Cargo.toml).package;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forAllSystems = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});

      # What the programs call at run time.
      runtime = pkgs: [
        pkgs.tmux
        pkgs.git
      ];

      # The tests of crashes pick system calls with strace, which only Linux has. A recipe in docs/ tells a phone by curl.
      forTests =
        pkgs:
        (if pkgs ? strace && (pkgs.stdenv.hostPlatform.isLinux or true) then [ pkgs.strace ] else [ ])
        # Completions are asked for in the real shells, and pages read by the real `man`.
        ++ map (name: pkgs.${name}) (
          builtins.filter (name: pkgs ? ${name}) [
            "bashInteractive"
            "zsh"
            "fish"
            "man-db"
            "curl"
          ]
        );

      package =
        pkgs:
        pkgs.rustPlatform.buildRustPackage {
          pname = manifest.name;
          version = manifest.version;
          # The tests read the documents and the examples, so these are sources too.
          src = lib.fileset.toSource {
            root = ./.;
            fileset = lib.fileset.unions [
              ./Cargo.toml
              ./Cargo.lock
              ./CHANGELOG.md
              ./LICENSE
              ./build.rs
              ./README.md
              ./benches
              ./docs
              ./prompts
              ./src
              ./tests
              (lib.fileset.maybeMissing ./fleet.toml.example)
            ];
          };
          cargoLock.lockFile = ./Cargo.lock;
          nativeBuildInputs = [
            pkgs.makeBinaryWrapper
          ]
          ++ (if pkgs ? installShellFiles then [ pkgs.installShellFiles ] else [ ]);
          nativeCheckInputs = runtime pkgs ++ forTests pkgs;
          # Each program looks for the others beside itself: the wrapped ones stay in `bin`, so all three meet there.
          # `--suffix`: the user's own tmux and git come first.
          postInstall = ''
            for program in fleet agents; do
              installShellCompletion --cmd $program \
                --bash <($out/bin/$program completions bash) \
                --fish <($out/bin/$program completions fish) \
                --zsh <($out/bin/$program completions zsh)
            done
            $out/bin/fleet man --dir manual
            installManPage manual/*.1
            for program in fleet agents; do
              wrapProgram $out/bin/$program --suffix PATH : ${lib.makeBinPath (runtime pkgs)}
            done
          '';
          meta = {
            description = manifest.description;
            license = lib.licenses.mit;
            mainProgram = "fleet";
            platforms = lib.platforms.unix;
          };
        };

      app = program: description: {
        type = "app";
        inherit program;
        meta.description = description;
      };
    in
    {
      packages = forAllSystems (pkgs: {
        fleet = package pkgs;
        default = package pkgs;
      });

      apps = forAllSystems (
        pkgs:
        let
          fleet = app "${package pkgs}/bin/fleet" manifest.description;
        in
        {
          inherit fleet;
          default = fleet;
          agents = app "${package pkgs}/bin/agents" "Run the agents that one project's agents.toml lists";
        }
      );

      devShells = forAllSystems (pkgs: {
        default = pkgs.mkShell {
          packages = [
            pkgs.cargo
            pkgs.rustc
            pkgs.rustfmt
            pkgs.clippy
            pkgs.rust-analyzer
          ]
          ++ runtime pkgs
          ++ forTests pkgs;
          env.RUST_SRC_PATH = "${pkgs.rustPlatform.rustLibSrc}";
        };
      });

      # `nix flake check` builds the package, which runs `cargo test` with tmux and git on PATH.
      checks = forAllSystems (pkgs: {
        fleet = package pkgs;
        format =
          pkgs.runCommand "fleet-format"
            {
              nativeBuildInputs = [
                pkgs.cargo
                pkgs.rustfmt
              ];
            }
            ''
              cp -r ${self}/. source && chmod -R u+w source && cd source
              cargo fmt --check
              touch $out
            '';
      });

      formatter = forAllSystems (pkgs: pkgs.nixfmt-tree);
    };
}
