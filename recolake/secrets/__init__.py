"""Everything that is a secret here comes through one interface: `recolake.secrets.provider`."""
