// Members of groups, kept by ts-mls and driven over lines.mjs by peer.py.
import {
  ciphersuites,
  createApplicationMessage,
  createCommit,
  createGroup,
  createProposal,
  decodeMlsMessage,
  defaultCapabilities,
  emptyPskIndex,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  mlsExporter,
  processMessage,
  acceptAll,
} from "ts-mls";
import { encodeGroupContext } from "ts-mls/groupContext.js";
import { decodeRatchetTree, encodeRatchetTree } from "ts-mls/ratchetTree.js";
import * as nist from "@noble/curves/nist.js";
import { bytes, serve, text } from "./lines.mjs";

const NIST_CURVES = { P256: nist.p256, P384: nist.p384, P521: nist.p521 };
const members = new Map();

async function cipherSuite(number, compressed) {
  const name = Object.keys(ciphersuites).find((key) => ciphersuites[key] === number);
  const description = getCiphersuiteFromName(name);
  const suite = await getCiphersuiteImpl(description);
  const curve = NIST_CURVES[description.signature];
  if (curve === undefined || compressed) return suite;
  // Defect of ts-mls: it compresses NIST signature keys. Section 5.1 of RFC 9420 has them uncompressed.
  const keygen = async () => {
    const signKey = curve.utils.randomSecretKey();
    return { signKey, publicKey: curve.getPublicKey(signKey, false) };
  };
  return { ...suite, signature: { ...suite.signature, keygen } };
}

function decode(message, wireformat) {
  const data = bytes(message);
  const decoded = decodeMlsMessage(data, 0);
  if (decoded === undefined) throw new Error("not an MLSMessage");
  if (decoded[1] !== data.length) throw new Error("bytes are left over");
  if (wireformat !== undefined && decoded[0].wireformat !== wireformat)
    throw new Error(`a ${decoded[0].wireformat}, not a ${wireformat}`);
  return decoded[0];
}

const encode = (wireformat, field, body) =>
  text(encodeMlsMessage({ version: "mls10", wireformat, [field]: body }));

const extensions = (list) => list.map(({ type, data }) => ({ extensionType: type, extensionData: bytes(data) }));

const byValue = {
  add: (proposal) => ({
    proposalType: "add",
    add: { keyPackage: decode(proposal.key_package, "mls_key_package").keyPackage },
  }),
  remove: (proposal) => ({ proposalType: "remove", remove: { removed: proposal.leaf } }),
  extensions: (proposal) => ({
    proposalType: "group_context_extensions",
    groupContextExtensions: { extensions: extensions(proposal.extensions) },
  }),
};
const proposals = (list) => list.map((proposal) => byValue[proposal.kind](proposal));

await serve({
  // A client with a fresh key package, in no group yet.
  async new_member({ member, suite, identity, extension_types, not_before, not_after, compressed = false }) {
    const impl = await cipherSuite(suite, compressed);
    const capabilities = defaultCapabilities();
    capabilities.extensions.push(...extension_types);
    const made = await generateKeyPackageWithKey(
      { credentialType: "basic", identity: bytes(identity) },
      capabilities,
      { notBefore: BigInt(not_before), notAfter: BigInt(not_after) },
      [],
      await impl.signature.keygen(),
      impl,
    );
    members.set(member, { impl, made });
    return { key_package: encode("mls_key_package", "keyPackage", made.publicPackage) };
  },

  async create({ member, group_id, extensions: list }) {
    const self = members.get(member);
    const { publicPackage, privatePackage } = self.made;
    self.state = await createGroup(bytes(group_id), publicPackage, privatePackage, extensions(list), self.impl);
  },

  async join({ member, welcome, ratchet_tree }) {
    const self = members.get(member);
    const { publicPackage, privatePackage } = self.made;
    const tree = ratchet_tree === null ? undefined : decodeRatchetTree(bytes(ratchet_tree), 0)[0];
    const body = decode(welcome, "mls_welcome").welcome;
    self.state = await joinGroup(body, publicPackage, privatePackage, emptyPskIndex, self.impl, tree);
  },

  async commit({ member, proposals: list, authenticated_data, tree_in_welcome, public_message }) {
    const self = members.get(member);
    const result = await createCommit(
      { state: self.state, cipherSuite: self.impl },
      {
        extraProposals: proposals(list),
        authenticatedData: bytes(authenticated_data),
        ratchetTreeExtension: tree_in_welcome,
        wireAsPublicMessage: public_message,
      },
    );
    self.pending = result.newState;
    return {
      message: text(encodeMlsMessage(result.commit)),
      welcome: result.welcome === undefined ? null : encode("mls_welcome", "welcome", result.welcome),
      ratchet_tree: text(encodeRatchetTree(result.newState.ratchetTree)),
    };
  },

  adopt({ member }) {
    const self = members.get(member);
    self.state = self.pending;
    self.pending = undefined;
  },

  discard({ member }) {
    members.get(member).pending = undefined;
  },

  async propose({ member, proposal, authenticated_data, public_message }) {
    const self = members.get(member);
    const [made] = proposals([proposal]);
    const result = await createProposal(self.state, public_message, made, self.impl, bytes(authenticated_data));
    self.state = result.newState;
    return { message: text(encodeMlsMessage(result.message)) };
  },

  async seal({ member, data, authenticated_data }) {
    const self = members.get(member);
    const aad = bytes(authenticated_data);
    const result = await createApplicationMessage(self.state, bytes(data), self.impl, aad);
    self.state = result.newState;
    return { message: encode("mls_private_message", "privateMessage", result.privateMessage) };
  },

  async receive({ member, message }) {
    const self = members.get(member);
    const decoded = decode(message);
    const result = await processMessage(decoded, self.state, emptyPskIndex, acceptAll, self.impl);
    self.state = result.newState;
    if (result.kind !== "applicationMessage") {
      return { kind: "handshake", active: self.state.groupActiveState.kind === "active" };
    }
    return {
      kind: "application",
      data: text(result.message),
      authenticated_data: text(decoded.privateMessage.authenticatedData),
    };
  },

  // What all members must agree on.
  async look({ member, label, context, length }) {
    const { state, impl } = members.get(member);
    const { exporterSecret, epochAuthenticator } = state.keySchedule;
    return {
      group_context: text(encodeGroupContext(state.groupContext)),
      epoch_authenticator: text(epochAuthenticator),
      exported: text(await mlsExporter(exporterSecret, label, bytes(context), length, impl)),
      ratchet_tree: text(encodeRatchetTree(state.ratchetTree)),
    };
  },
});
