import { BlockList, isIP } from "node:net";
import { networkInterfaces } from "node:os";

/** Addresses that mean this machine, or a service of the place it runs in (link-local: a cloud's metadata). */
function reserved(): BlockList {
  const list = new BlockList();
  list.addSubnet("0.0.0.0", 8);
  list.addSubnet("127.0.0.0", 8);
  list.addSubnet("169.254.0.0", 16);
  list.addSubnet("224.0.0.0", 3);
  list.addAddress("::", "ipv6");
  list.addAddress("::1", "ipv6");
  list.addSubnet("fe80::", 10, "ipv6");
  list.addSubnet("ff00::", 8, "ipv6");
  for (const { address, family } of Object.values(networkInterfaces()).flatMap((each) => each ?? [])) {
    list.addAddress(address.split("%")[0] ?? address, family === "IPv6" ? "ipv6" : "ipv4");
  }
  return list;
}

/** True for this machine's own addresses and link-local ones, in IPv6's spelling of IPv4 too; for what is no address as well. */
export function isOwnAddress(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return true;
  const list = reserved();
  if (family === 4) return list.check(address);
  const mapped = /^::(?:ffff:)?(\d+\.\d+\.\d+\.\d+)$/iu.exec(address)?.[1];
  return list.check(address, "ipv6") || (mapped !== undefined && list.check(mapped));
}
