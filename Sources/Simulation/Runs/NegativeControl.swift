/// Something that is broken on purpose. A run that does not fail with it proves that the invariant looks at nothing.
package enum NegativeControl: String, Sendable, CaseIterable {
    /// The boot counter begins anew at every start, and nobody's word of a later one is heard.
    case resetBoot = "reset-boot"
    /// Suspects get 1.5 s instead of 2.5 s.
    case shortSuspicion = "short-suspicion"
    /// Nobody believes a refutation.
    case noRefutation = "no-refutation"
    /// Every trigger that arrives is taken for new.
    case noDeduplication = "no-deduplication"
    /// What the root signed is never written to the card.
    case forgottenRevocation = "forgotten-revocation"

    /// The invariant of mesh.md §7 that must break.
    package var breaks: Int {
        switch self {
        case .resetBoot: 7
        case .shortSuspicion, .noRefutation: 8
        case .noDeduplication: 9
        case .forgottenRevocation: 6
        }
    }
}
