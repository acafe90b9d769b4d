/// Texture and surface accesses. No unit is modelled: see `TextureUnit`.
extension InstructionRules {
  static let texture: [String: Rule] = [:]
}
