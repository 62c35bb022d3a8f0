//! Texts that look like something, by the crate `fake`.

use super::random::Random;
use fake::Fake;
use fake::faker::{
    address, barcode, company, creditcard, currency, filesystem, internet, job, lorem, name, phone_number,
};
use fake::rand::RngCore;
use serde::Deserialize;

/// Kinds of texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Text {
    #[serde(rename = "word")]
    Word,
    #[serde(rename = "words")]
    Words,
    #[serde(rename = "sentence")]
    Sentence,
    #[serde(rename = "sentences")]
    Sentences,
    #[serde(rename = "paragraph")]
    Paragraph,
    #[serde(rename = "paragraphs")]
    Paragraphs,
    #[serde(rename = "first_name")]
    FirstName,
    #[serde(rename = "last_name")]
    LastName,
    #[serde(rename = "title")]
    Title,
    #[serde(rename = "suffix")]
    Suffix,
    #[serde(rename = "name")]
    Name,
    #[serde(rename = "name_with_title")]
    NameWithTitle,
    #[serde(rename = "domain_suffix")]
    DomainSuffix,
    #[serde(rename = "email")]
    Email,
    #[serde(rename = "username")]
    Username,
    #[serde(rename = "password")]
    Password,
    #[serde(rename = "field")]
    Field,
    #[serde(rename = "position")]
    Position,
    #[serde(rename = "seniority")]
    Seniority,
    #[serde(rename = "job_title")]
    JobTitle,
    #[serde(rename = "ipv4")]
    Ipv4,
    #[serde(rename = "ipv6")]
    Ipv6,
    #[serde(rename = "ip")]
    Ip,
    #[serde(rename = "mac_address")]
    MacAddress,
    #[serde(rename = "user_agent")]
    UserAgent,
    #[serde(rename = "company_suffix")]
    CompanySuffix,
    #[serde(rename = "company_name")]
    CompanyName,
    #[serde(rename = "buzzword")]
    Buzzword,
    #[serde(rename = "buzzword_middle")]
    BuzzwordMiddle,
    #[serde(rename = "buzzword_tail")]
    BuzzwordTail,
    #[serde(rename = "catch_phrase")]
    CatchPhrase,
    #[serde(rename = "bs_verb")]
    BsVerb,
    #[serde(rename = "bs_adj")]
    BsAdj,
    #[serde(rename = "bs_noun")]
    BsNoun,
    #[serde(rename = "bs")]
    Bs,
    #[serde(rename = "profession")]
    Profession,
    #[serde(rename = "industry")]
    Industry,
    #[serde(rename = "currency_code")]
    CurrencyCode,
    #[serde(rename = "currency_name")]
    CurrencyName,
    #[serde(rename = "currency_symbol")]
    CurrencySymbol,
    #[serde(rename = "credit_card_number")]
    CreditCardNumber,
    #[serde(rename = "city_prefix")]
    CityPrefix,
    #[serde(rename = "city_suffix")]
    CitySuffix,
    #[serde(rename = "city_name")]
    CityName,
    #[serde(rename = "country_name")]
    CountryName,
    #[serde(rename = "country_code")]
    CountryCode,
    #[serde(rename = "street_suffix")]
    StreetSuffix,
    #[serde(rename = "street_name")]
    StreetName,
    #[serde(rename = "time_zone")]
    TimeZone,
    #[serde(rename = "state_name")]
    StateName,
    #[serde(rename = "state_abbr")]
    StateAbbr,
    #[serde(rename = "secondary_address_type")]
    SecondaryAddressType,
    #[serde(rename = "secondary_address")]
    SecondaryAddress,
    #[serde(rename = "zip_code")]
    ZipCode,
    #[serde(rename = "post_code")]
    PostCode,
    #[serde(rename = "building_number")]
    BuildingNumber,
    #[serde(rename = "latitude")]
    Latitude,
    #[serde(rename = "longitude")]
    Longitude,
    #[serde(rename = "isbn")]
    Isbn,
    #[serde(rename = "isbn13")]
    Isbn13,
    #[serde(rename = "isbn10")]
    Isbn10,
    #[serde(rename = "phone_number")]
    PhoneNumber,
    #[serde(rename = "cell_number")]
    CellNumber,
    #[serde(rename = "file_path")]
    FilePath,
    #[serde(rename = "file_name")]
    FileName,
    #[serde(rename = "file_extension")]
    FileExtension,
    #[serde(rename = "dir_path")]
    DirPath,
    #[serde(rename = "rfc_status_code")]
    RfcStatusCode,
    #[serde(rename = "valid_status_code")]
    ValidStatusCode,
}

/// The codes of HTTP that have a name.
const STATUS_CODES: [u16; 40] = [
    100, 101, 102, 103, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304, 307, 308, 400, 401,
    402, 403, 404, 405, 406, 408, 409, 410, 413, 415, 418, 422, 429, 500, 502, 503, 504,
];

impl Text {
    /// Characters that such a text has, at most.
    pub(super) fn characters_max(self) -> u32 {
        match self {
            Text::Paragraph | Text::Paragraphs => 5_000,
            Text::Sentence | Text::Sentences | Text::UserAgent => 1_000,
            _ => 200,
        }
    }

    /// A text of the kind.
    pub(super) fn make(self, random: &mut Random) -> String {
        match self {
            Text::Word => lorem::en::Word().fake_with_rng(random),
            Text::Words => lorem::en::Words(2..6).fake_with_rng::<Vec<String>, _>(random).join(" "),
            Text::Sentence => lorem::en::Sentence(4..10).fake_with_rng(random),
            Text::Sentences => lorem::en::Sentences(2..5).fake_with_rng::<Vec<String>, _>(random).join(" "),
            Text::Paragraph => lorem::en::Paragraph(3..7).fake_with_rng(random),
            Text::Paragraphs => lorem::en::Paragraphs(2..4).fake_with_rng::<Vec<String>, _>(random).join(" "),
            Text::FirstName => name::en::FirstName().fake_with_rng(random),
            Text::LastName => name::en::LastName().fake_with_rng(random),
            Text::Title => name::en::Title().fake_with_rng(random),
            Text::Suffix => name::en::Suffix().fake_with_rng(random),
            Text::Name => name::en::Name().fake_with_rng(random),
            Text::NameWithTitle => name::en::NameWithTitle().fake_with_rng(random),
            Text::DomainSuffix => internet::en::DomainSuffix().fake_with_rng(random),
            Text::Email => internet::en::SafeEmail().fake_with_rng(random),
            Text::Username => internet::en::Username().fake_with_rng(random),
            Text::Password => internet::en::Password(8..20).fake_with_rng(random),
            Text::Field => job::en::Field().fake_with_rng(random),
            Text::Position => job::en::Position().fake_with_rng(random),
            Text::Seniority => job::en::Seniority().fake_with_rng(random),
            Text::JobTitle => job::en::Title().fake_with_rng(random),
            Text::Ipv4 => internet::en::IPv4().fake_with_rng(random),
            Text::Ipv6 => internet::en::IPv6().fake_with_rng(random),
            Text::Ip => internet::en::IP().fake_with_rng(random),
            Text::MacAddress => internet::en::MACAddress().fake_with_rng(random),
            Text::UserAgent => internet::en::UserAgent().fake_with_rng(random),
            Text::CompanySuffix => company::en::CompanySuffix().fake_with_rng(random),
            Text::CompanyName => company::en::CompanyName().fake_with_rng(random),
            Text::Buzzword => company::en::Buzzword().fake_with_rng(random),
            Text::BuzzwordMiddle => company::en::BuzzwordMiddle().fake_with_rng(random),
            Text::BuzzwordTail => company::en::BuzzwordTail().fake_with_rng(random),
            Text::CatchPhrase => company::en::CatchPhrase().fake_with_rng(random),
            Text::BsVerb => company::en::BsVerb().fake_with_rng(random),
            Text::BsAdj => company::en::BsAdj().fake_with_rng(random),
            Text::BsNoun => company::en::BsNoun().fake_with_rng(random),
            Text::Bs => company::en::Bs().fake_with_rng(random),
            Text::Profession => company::en::Profession().fake_with_rng(random),
            Text::Industry => company::en::Industry().fake_with_rng(random),
            Text::CurrencyCode => currency::en::CurrencyCode().fake_with_rng(random),
            Text::CurrencyName => currency::en::CurrencyName().fake_with_rng(random),
            Text::CurrencySymbol => currency::en::CurrencySymbol().fake_with_rng(random),
            Text::CreditCardNumber => creditcard::en::CreditCardNumber().fake_with_rng(random),
            Text::CityPrefix => address::en::CityPrefix().fake_with_rng(random),
            Text::CitySuffix => address::en::CitySuffix().fake_with_rng(random),
            Text::CityName => address::en::CityName().fake_with_rng(random),
            Text::CountryName => address::en::CountryName().fake_with_rng(random),
            Text::CountryCode => address::en::CountryCode().fake_with_rng(random),
            Text::StreetSuffix => address::en::StreetSuffix().fake_with_rng(random),
            Text::StreetName => address::en::StreetName().fake_with_rng(random),
            Text::TimeZone => address::en::TimeZone().fake_with_rng(random),
            Text::StateName => address::en::StateName().fake_with_rng(random),
            Text::StateAbbr => address::en::StateAbbr().fake_with_rng(random),
            Text::SecondaryAddressType => address::en::SecondaryAddressType().fake_with_rng(random),
            Text::SecondaryAddress => address::en::SecondaryAddress().fake_with_rng(random),
            Text::ZipCode => address::en::ZipCode().fake_with_rng(random),
            Text::PostCode => address::en::PostCode().fake_with_rng(random),
            Text::BuildingNumber => address::en::BuildingNumber().fake_with_rng(random),
            Text::Latitude => address::en::Latitude().fake_with_rng(random),
            Text::Longitude => address::en::Longitude().fake_with_rng(random),
            Text::Isbn => barcode::en::Isbn().fake_with_rng(random),
            Text::Isbn13 => barcode::en::Isbn13().fake_with_rng(random),
            Text::Isbn10 => barcode::en::Isbn10().fake_with_rng(random),
            Text::PhoneNumber => phone_number::en::PhoneNumber().fake_with_rng(random),
            Text::CellNumber => phone_number::en::CellNumber().fake_with_rng(random),
            Text::FilePath => filesystem::en::FilePath().fake_with_rng(random),
            Text::FileName => filesystem::en::FileName().fake_with_rng(random),
            Text::FileExtension => filesystem::en::FileExtension().fake_with_rng(random),
            Text::DirPath => filesystem::en::DirPath().fake_with_rng(random),
            Text::RfcStatusCode => STATUS_CODES[random.next_u32() as usize % STATUS_CODES.len()].to_string(),
            Text::ValidStatusCode => (100 + random.next_u32() % 500).to_string(),
        }
    }
}
